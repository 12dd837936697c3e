import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelServer } from './server.ts';

let model: ModelServer;
beforeAll(async () => {
  model = await ModelServer.start(0);
});
afterAll(() => model.close());
beforeEach(() => model.forget());

const tools = {
  messages: [
    {
      name: 'Bash',
      input_schema: {
        properties: { command: { type: 'string' }, description: {} },
        required: ['command', 'description'],
      },
    },
    { name: 'Write', input_schema: { properties: { file_path: {}, content: {} }, required: ['file_path', 'content'] } },
  ],
  responses: [
    {
      type: 'function',
      name: 'exec_command',
      parameters: { properties: { cmd: { type: 'string' } }, required: ['cmd'] },
    },
    { type: 'custom', name: 'apply_patch' },
  ],
  chat: [{ type: 'function', function: { name: 'bash', parameters: { properties: { command: {} } } } }],
};

/** Bodies that ask the same of each API. */
const asks = {
  messages: (prompt: string, more: object = {}) => ({
    messages: [{ role: 'user', content: prompt }],
    tools: tools.messages,
    ...more,
  }),
  responses: (prompt: string, more: object = {}) => ({
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: prompt }] }],
    tools: tools.responses,
    ...more,
  }),
  'chat/completions': (prompt: string, more: object = {}) => ({
    messages: [{ role: 'user', content: prompt }],
    tools: tools.chat,
    stream_options: { include_usage: true },
    ...more,
  }),
} as const;
type Api = keyof typeof asks;
const apis = Object.keys(asks) as Api[];

const post = (api: Api, body: object, signal?: AbortSignal) =>
  fetch(`${model.url}/v1/${api}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake-1', ...body }),
    signal: signal ?? null,
  });

/** The data of every server-sent event. */
const eventsOf = (text: string): Record<string, unknown>[] =>
  [...text.matchAll(/^data: (.*)$/gm)]
    .filter(([, data]) => data !== '[DONE]')
    .map(([, data]) => JSON.parse(data ?? ''));

describe.each(apis)('%s', (api) => {
  it('streams text, reasoning and the calls of the tools that are offered, and reports usage', async () => {
    model.play({
      rules: [
        {
          match: { contains: 'go' },
          steps: [
            { reasoning: 'hm' },
            { text: 'one two' },
            { shell: 'echo hi' },
            { write: { path: 'a.txt', content: 'x\n' } },
          ],
          usage: { input: 5, cacheRead: 7, output: 3 },
        },
      ],
    });
    const response = await post(api, asks[api]('go', { stream: true }));
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const all = JSON.stringify(eventsOf(text));
    for (const part of ['hm', 'one ', 'two', 'echo hi', 'a.txt']) expect(all).toContain(part);
    const usage = {
      messages: '"cache_read_input_tokens":7',
      responses: '"cached_tokens":7',
      'chat/completions': '"cached_tokens":7',
    };
    expect(all).toContain(usage[api]);
    expect(model.requests).toMatchObject([
      { rule: 0, closedBy: 'server', path: `/v1/${api}`, bytesSent: Buffer.byteLength(text) },
    ]);
  });

  it('answers whole where no stream is asked for', async () => {
    model.play({ rules: [{ steps: [{ text: 'all at once' }] }] });
    const response = await post(api, asks[api]('go'));
    expect(JSON.stringify(await response.json())).toContain('all at once');
  });

  it('answers with an error, garbage, or a cut connection', async () => {
    model.play({
      rules: [
        { match: { contains: 'busy' }, steps: [{ status: 429, headers: { 'retry-after': '7' } }] },
        { match: { contains: 'odd' }, steps: [{ garbage: true }] },
        { match: { contains: 'cut' }, steps: [{ text: 'half' }, { cut: true }] },
      ],
    });
    const busy = await post(api, asks[api]('busy'));
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await busy.json()).toHaveProperty('error.message');
    expect(await (await post(api, asks[api]('odd', { stream: true }))).text()).toContain('garbage');
    const cut = await post(api, asks[api]('cut', { stream: true }));
    await expect(cut.text()).rejects.toThrow();
    expect(model.requests.at(-1)).toMatchObject({ rule: 2, closedBy: 'server' });
  });
});

it('takes the first rule that fits: by model, text, results, number and times', async () => {
  const say = (text: string, match: object, times?: number) => ({ match, steps: [{ text }], ...(times && { times }) });
  model.play({
    rules: [
      say('second', { contains: 'count', nth: 2 }),
      say('once', { contains: 'count' }, 1),
      say('result', { contains: 'count', hasToolResult: true }),
      say('other model', { model: 'fake-2' }),
    ],
  });
  const ask = async (body: object) =>
    ((await (await post('messages', body)).json()) as { content: { text: string }[] }).content[0]?.text;
  const counting = asks.messages('please count');
  expect([await ask(counting), await ask(counting), await ask(counting)]).toEqual([
    'once',
    'second',
    'script: no rule',
  ]);
  const answered = [
    ...counting.messages,
    { role: 'assistant', content: [] },
    { role: 'user', content: [{ type: 'tool_result', content: '3' }] },
  ];
  expect(await ask({ messages: answered })).toBe('result');
  expect(await ask({ ...asks.messages('x'), model: 'fake-2' })).toBe('other model');
});

it('waits at a gate until it is opened, and notes a client that left', async () => {
  model.play({ rules: [{ steps: [{ text: 'before' }, { gate: 'door' }, { text: 'after' }] }] });
  const response = await post('messages', asks.messages('go', { stream: true }));
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(new TextDecoder().decode(first?.value)).toContain('before');
  const gates = await (await fetch(`${model.url}/_/gates`)).json();
  expect(gates).toEqual([{ name: 'door', isOpen: false, waiting: 1 }]);
  await reader?.cancel();
  await expect.poll(() => model.requests[0]?.closedBy).toBe('client');
  await fetch(`${model.url}/_/gate/door/open`, { method: 'POST' });
  expect(await (await post('messages', asks.messages('go', { stream: true }))).text()).toContain('after');
});

it('refuses a script that is none and names the field', async () => {
  const put = (body: object) => fetch(`${model.url}/_/script`, { method: 'PUT', body: JSON.stringify(body) });
  const refused = await put({ rules: [{ steps: [{ texd: 'x' }] }] });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('rules[0].steps[0]');
  expect((await put({ rules: [] })).status).toBe(200);
});

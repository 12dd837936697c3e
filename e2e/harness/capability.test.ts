/**
 * What harnesses declare of their programs, held against what the programs themselves say and do, in both directions: images,
 * MCP servers, going on with a conversation and forking it. The rest of what they declare is observed by the matrix.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Capabilities, harnessOf } from '#runner/harness/index.ts';
import { asList, asRecord } from '../model/dialect.ts';
import { ModelServer } from '../model/server.ts';
import { projectRoot } from '../server-process.ts';
import { type Bench, claudeFile, openBench, opencodeFile } from './bare.ts';

const timeout = 120_000;
type Observed = Pick<Capabilities, 'takesImages' | 'takesMcp' | 'canResume' | 'canFork'>;

let model: ModelServer;
const benches: Bench[] = [];

beforeAll(async () => {
  model = await ModelServer.start(0, { rules: [{ match: {}, steps: [{ text: 'seen' }] }] });
});
afterAll(async () => {
  await model.close();
  for (const bench of benches) await bench.close();
});

async function declaredBy(type: string): Promise<Observed> {
  const { takesImages, takesMcp, canResume, canFork } = (await harnessOf(type)).capabilities;
  return { takesImages, takesMcp, canResume, canFork };
}

/** JSON lines that a program prints after reading `input`; it is ended when `isEnough`. */
function converse(
  { cwd, env }: Bench,
  [file = '', ...args]: readonly string[],
  input: object,
  isEnough: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const lines: Record<string, unknown>[] = [];
    let rest = '';
    const child = execFile(file, args, { cwd, env, timeout, killSignal: 'SIGKILL' }, (cause) => {
      if (lines.some(isEnough)) resolve(lines);
      else reject(cause ?? new Error(`${file} ended early`));
    });
    child.stdout?.on('data', (text: string) => {
      const whole = (rest + text).split('\n');
      rest = whole.pop() ?? '';
      for (const line of whole) if (line.startsWith('{')) lines.push(asRecord(JSON.parse(line)));
      if (lines.some(isEnough)) child.kill('SIGKILL');
    });
    child.stdin?.write(`${JSON.stringify(input)}\n`);
  });
}

async function bench(): Promise<Bench> {
  const opened = await openBench(model.url);
  benches.push(opened);
  return opened;
}

/** What an ACP agent says of itself. Source: https://agentclientprotocol.com/protocol/initialization */
async function greetingOf(command: readonly string[]): Promise<Observed> {
  const params = { protocolVersion: 1, clientCapabilities: {} };
  const greeting = { jsonrpc: '2.0', id: 1, method: 'initialize', params };
  const lines = await converse(await bench(), command, greeting, ({ id }) => id === 1);
  const abilities = asRecord(asRecord(lines.find(({ id }) => id === 1)?.result).agentCapabilities);
  const { http, sse } = asRecord(abilities.mcpCapabilities);
  return {
    takesImages: asRecord(abilities.promptCapabilities).image === true,
    takesMcp: http === true || sse === true,
    canResume: abilities.loadSession === true,
    canFork: 'fork' in asRecord(abilities.sessionCapabilities),
  };
}

it.concurrent.each([
  ['acp:example', [process.execPath, join(projectRoot, 'examples/agent/main.mjs')]],
  ['acp:opencode', [opencodeFile, 'acp']],
])('[HRN6] %s declares what its program says of itself', { timeout }, async (type, command) => {
  expect(await greetingOf(command)).toEqual(await declaredBy(type));
});

/** One pixel. */
const image = {
  type: 'image',
  source: {
    ...{ type: 'base64', media_type: 'image/png' },
    data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  },
};
const streams = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
/** A server of tools that is named, and need not work. */
const servers = JSON.stringify({ mcpServers: { probe: { command: 'cat' } } });

/** One prompt to Claude Code; its first message about itself. */
async function askClaude(at: Bench, content: readonly object[], more: readonly string[]) {
  const prompt = { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, session_id: '' };
  const command = [claudeFile, '-p', ...streams, '--strict-mcp-config', ...more];
  const lines = await converse(at, command, prompt, ({ type }) => type === 'result');
  return lines.find(({ type, subtype }) => type === 'system' && subtype === 'init') ?? {};
}

const bodies = (word: string) =>
  model.requests.map(({ body }) => JSON.stringify(body)).filter((text) => text.includes(word));

it.concurrent.each(['claude-sdk', 'claude-code'])(
  '[HRN6] %s declares what its program does',
  { timeout },
  async (type) => {
    const at = await bench();
    const [first, resumed, forked] = [randomUUID(), `again-${type}`, randomUUID()];
    const started = [{ type: 'text', text: `first-${type}` }, image];
    const init = await askClaude(at, started, ['--session-id', first, '--mcp-config', servers]);
    const again = await askClaude(at, [{ type: 'text', text: resumed }], ['--resume', first]);
    const fork = ['--resume', first, '--fork-session', '--session-id', forked];
    const other = await askClaude(at, [{ type: 'text', text: `fork-${type}` }], fork);
    const goesOn = (word: string) => bodies(word).some((text) => text.includes(`first-${type}`));
    expect({
      takesImages: bodies(`first-${type}`).some((text) => text.includes('"type":"image"')),
      takesMcp: asList(init.mcp_servers).some((server) => asRecord(server).name === 'probe'),
      canResume: again.session_id === first && goesOn(resumed),
      canFork: other.session_id === forked && goesOn(`fork-${type}`),
    }).toEqual(await declaredBy(type));
  },
);

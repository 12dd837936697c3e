/** A model of a few fixed answers on this machine, in the two dialects that agents speak. For recordings only. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** What an agent is told after so many results of its tools. */
export interface Answer {
  text: string;
  call?: { name: string; input: object };
}

type Send = (type: string, body: object) => void;

/** Between two pieces of an answer. */
const pieceMs = 12;
const pieces = (text: string) => text.match(/\S+\s*/g) ?? [];

async function answerMessages(send: Send, { text, call }: Answer): Promise<void> {
  const usage = { input_tokens: 1000, output_tokens: 50 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'demo', content: [], stop_reason: null };
  send('message_start', { message: { ...message, usage } });
  send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  for (const piece of pieces(text)) {
    send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: piece } });
    await pause(pieceMs);
  }
  send('content_block_stop', { index: 0 });
  if (call) {
    const block = { type: 'tool_use', id: `toolu_${call.name}${text.length}`, name: call.name, input: {} };
    send('content_block_start', { index: 1, content_block: block });
    const json = JSON.stringify(call.input);
    send('content_block_delta', { index: 1, delta: { type: 'input_json_delta', partial_json: json } });
    send('content_block_stop', { index: 1 });
  }
  send('message_delta', { delta: { stop_reason: call ? 'tool_use' : 'end_turn' }, usage });
  send('message_stop', {});
}

async function answerResponses(send: Send, { text, call }: Answer): Promise<void> {
  const id = `msg_${text.length}`;
  const item = { id, type: 'message', role: 'assistant' };
  const done = { ...item, status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] };
  send('response.created', { response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] } });
  send('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } });
  const at = { item_id: id, output_index: 0, content_index: 0 };
  send('response.content_part.added', { ...at, part: { type: 'output_text', text: '' } });
  for (const delta of pieces(text)) {
    send('response.output_text.delta', { ...at, delta });
    await pause(pieceMs);
  }
  send('response.output_text.done', { ...at, text });
  send('response.output_item.done', { output_index: 0, item: done });
  const output: object[] = [done];
  if (call) {
    const callId = `call_${text.length}`;
    const asked = { id: `fc_${callId}`, type: 'function_call', call_id: callId, name: call.name };
    const whole = { ...asked, arguments: JSON.stringify(call.input), status: 'completed' };
    send('response.output_item.added', { output_index: 1, item: { ...asked, arguments: '', status: 'in_progress' } });
    send('response.output_item.done', { output_index: 1, item: whole });
    output.push(whole);
  }
  const usage = { input_tokens: 1200, output_tokens: 34, total_tokens: 1234 };
  const details = { input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } };
  const response = { id: 'resp_1', object: 'response', status: 'completed', output, usage: { ...usage, ...details } };
  send('response.completed', { response });
}

/** Both dialects repeat the whole conversation, so the results in it say how far it is. */
function progressOf(body: string): number {
  return body.split(/"type":"(?:tool_result|function_call_output)"/).length - 1;
}

async function answer(path: string, body: string, answers: readonly Answer[], response: ServerResponse): Promise<void> {
  if (path.endsWith('/count_tokens')) return void response.end('{"input_tokens":100}');
  if (!/\/(messages|responses)$/.test(path)) return void response.writeHead(404).end('{}');
  let n = 0;
  const send: Send = (type, data) =>
    void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: n++, ...data })}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  // Without tools it is asked for a title.
  const isTitle = !/"tools":\[\{/.test(body);
  const told = isTitle ? { text: '{"title":"Shop"}' } : (answers[progressOf(body)] ?? { text: 'Done.' });
  await (path.endsWith('/messages') ? answerMessages : answerResponses)(send, told);
  response.end();
}

export interface Model {
  origin: string;
  close: () => void;
}

export function openModel(answers: readonly Answer[]): Promise<Model> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    void readText(request)
      .then((body) => answer(path, body, answers, response))
      .catch((cause: unknown) => response.destroy(cause as Error));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = () => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ origin: `http://127.0.0.1:${port}`, close });
    });
  });
}

#!/usr/bin/env node
// @ts-check
/**
 * A small coding agent that speaks ACP on stdin and stdout. It runs commands, reads and writes files, and asks before each
 * of them; its model is whatever answers Anthropic's Messages API at ANTHROPIC_BASE_URL. A template: copy it, change it.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream, PROTOCOL_VERSION } from '@agentclientprotocol/sdk';
import { streamAnswer } from './model.mjs';

const model = process.env.OMNIGENT_MODEL ?? 'claude-sonnet-4-5';
const folder = process.env.OMNIGENT_AGENT_HOME ?? resolve(process.env.HOME ?? '.', '.omnigent-agent');
/** A result is cut at this length, in characters: the model reads it all again with every call. */
const maxResult = 30_000;

/**
 * @typedef {{ id: string, cwd: string, messages: Record<string, any>[], abort: AbortController }} Session
 * @typedef {{ client: import('@agentclientprotocol/sdk').AgentContext, session: Session }} Turn
 * @typedef {(input: any, cwd: string, signal: AbortSignal) => Promise<string>} Run
 * @typedef {{ kind: 'execute' | 'read' | 'edit', about: string, fields: string[], run: Run }} Tool
 */
const sessions = /** @type {Map<string, Session>} */ (new Map());

/** What it printed, and how it ended. @type {Run} */
const runCommand = ({ command }, cwd, signal) =>
  new Promise((done) => {
    const child = spawn('bash', ['-c', command], { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        printed = (printed + text).slice(0, maxResult);
      });
    // The whole group: what the command started does not outlive it.
    signal.onabort = () => child.pid && process.kill(-child.pid, 'SIGKILL');
    child.on('error', (cause) => done(`it could not be started: ${cause.message}`));
    child.on('close', (code, by) => {
      signal.onabort = null;
      done(code === 0 ? printed : `${printed}\n[${by ? `ended by ${by}` : `exit code ${code}`}]`);
    });
  });

/** @type {Run} */
const readText = async ({ path }, cwd) => (await readFile(resolve(cwd, path), 'utf8')).slice(0, maxResult);

/** @type {Run} */
async function writeText({ path, content }, cwd) {
  await mkdir(dirname(resolve(cwd, path)), { recursive: true });
  await writeFile(resolve(cwd, path), content);
  return `wrote ${path}`;
}

/** @type {Record<string, Tool>} */
const tools = {
  shell: { kind: 'execute', about: 'Runs a command; returns its output.', fields: ['command'], run: runCommand },
  read: { kind: 'read', about: 'Returns the text of a file.', fields: ['path'], run: readText },
  write: { kind: 'edit', about: 'Writes a file and its folders.', fields: ['path', 'content'], run: writeText },
};

const offered = Object.entries(tools).map(([name, { about, fields }]) => {
  const properties = Object.fromEntries(fields.map((field) => [field, { type: 'string' }]));
  return { name, description: about, input_schema: { type: 'object', properties, required: fields } };
});

/** Asks, then acts; returns what the model is told. @param {Turn} turn @param {any} call */
async function act({ client, session: { id: sessionId, cwd, abort } }, { id: toolCallId, name, input }) {
  const tool = tools[name];
  const update = (/** @type {Record<string, any>} */ change) =>
    client.notify(methods.client.session.update, { sessionId, update: { toolCallId, ...change } });
  const finish = async (/** @type {'completed' | 'failed'} */ status, /** @type {string} */ text) => {
    const content = [{ type: 'content', content: { type: 'text', text } }];
    await update({ sessionUpdate: 'tool_call_update', status, content });
    return { type: 'tool_result', tool_use_id: toolCallId, content: text, is_error: status === 'failed' };
  };
  const title = `${name} ${input.command ?? input.path ?? ''}`.slice(0, 200);
  const toolCall = { toolCallId, title, name, kind: tool?.kind, rawInput: input };
  await update({ sessionUpdate: 'tool_call', status: 'pending', ...toolCall });
  if (!tool) return finish('failed', `there is no tool ${name}`);
  const kinds = /** @type {const} */ (['allow_once', 'reject_once']);
  /** @type {import('@agentclientprotocol/sdk').RequestPermissionRequest} */
  const question = { sessionId, toolCall, options: kinds.map((kind) => ({ optionId: kind, name: kind, kind })) };
  const { outcome, _meta } = await client.request(methods.client.session.requestPermission, question);
  if (outcome.outcome !== 'selected' || outcome.optionId !== 'allow_once')
    return finish('failed', _meta?.reason ? `denied: ${_meta.reason}` : 'denied');
  abort.signal.throwIfAborted();
  await update({ sessionUpdate: 'tool_call_update', status: 'in_progress' });
  return tool.run(input, cwd, abort.signal).then(
    (text) => finish('completed', text),
    ({ message }) => finish('failed', message),
  );
}

/** The model and its tools in alternation, until it calls none. @param {Turn} turn */
async function work(turn) {
  const { id: sessionId, messages } = turn.session;
  const say = (/** @type {'message' | 'thought'} */ kind, /** @type {string} */ text) => {
    const update = /** @type {any} */ ({ sessionUpdate: `agent_${kind}_chunk`, content: { type: 'text', text } });
    return turn.client.notify(methods.client.session.update, { sessionId, update });
  };
  for (;;) {
    const content = await streamAnswer({ model, tools: offered, messages }, turn.session.abort.signal, say);
    messages.push({ role: 'assistant', content });
    const results = [];
    for (const block of content) if (block.type === 'tool_use') results.push(await act(turn, block));
    if (results.length === 0) return;
    messages.push({ role: 'user', content: results });
  }
}

const fileOf = (/** @type {string} */ id) => join(folder, `${id}.jsonl`); // a conversation: a message on each line
const abilities = { protocolVersion: PROTOCOL_VERSION, agentCapabilities: { loadSession: true } };
mkdirSync(folder, { recursive: true, mode: 0o700 });

agent({ name: 'omnigent-example' })
  .onRequest(methods.agent.initialize, () => abilities)
  .onRequest(methods.agent.session.new, ({ params: { cwd } }) => {
    const id = crypto.randomUUID();
    sessions.set(id, { id, cwd, messages: [], abort: new AbortController() });
    return { sessionId: id };
  })
  .onRequest(methods.agent.session.load, async ({ params: { sessionId: id, cwd } }) => {
    const lines = (await readFile(fileOf(id), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    sessions.set(id, { id, cwd, messages: lines.map((line) => JSON.parse(line)), abort: new AbortController() });
    return {};
  })
  .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }) => {
    const session = sessions.get(sessionId);
    if (!session) throw new Error(`no session ${sessionId}`);
    session.abort = new AbortController();
    const before = session.messages.length;
    const text = prompt.map((part) => (part.type === 'text' ? part.text : '')).join('');
    session.messages.push({ role: 'user', content: text });
    try {
      await work({ client, session });
      const said = session.messages.slice(before).map((message) => `${JSON.stringify(message)}\n`);
      appendFileSync(fileOf(sessionId), said.join(''), { mode: 0o600 });
      return { stopReason: 'end_turn' };
    } catch (cause) {
      // What was half said is no message: the next prompt goes on from the last whole turn.
      session.messages.length = before;
      if (session.abort.signal.aborted) return { stopReason: 'cancelled' };
      throw cause;
    }
  })
  .onNotification(methods.agent.session.cancel, ({ params }) => sessions.get(params.sessionId)?.abort.abort())
  .connect(ndJsonStream(Writable.toWeb(process.stdout), /** @type {any} */ (Readable.toWeb(process.stdin))));

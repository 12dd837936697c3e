/** A server, a session's agent port and an upstream, wired as in the product, for tests of credential routes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionId, TurnId } from '#protocol/id.ts';
import type { SecretMethod, SecretUse } from '#protocol/secret.ts';
import type { AgentAccess } from '#runner/agent-access.ts';
import { AgentPort } from '#runner/agent-port.ts';
import { type TestServer, tab, type Visitor } from '#server/testing.ts';
import { startSession } from '#server/testing-runner.ts';

export interface Program extends AgentAccess {
  sessionId: SessionId;
  port: AgentPort;
  /** What the runner says of it. */
  lines: string[];
  /** The runner finds the server there from now on. */
  reachServerAt: (url: string) => void;
}

/** A program of a new session, with the agent port that its runner opens for it. */
export async function admit(
  server: TestServer,
  visitor: Visitor,
  { agent = 'coder', turn = null }: { agent?: string; turn?: TurnId | null } = {},
): Promise<Program> {
  const { sessionId, runner } = await startSession(server, visitor);
  const serverFile = join(server.home, `server-${sessionId}.json`);
  const content = { pid: 1, url: server.url, version: '0.1.0', startedAt: new Date().toISOString(), postgres: null };
  await writeFile(serverFile, JSON.stringify(content));
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  let url: string | null = null;
  const port = await AgentPort.open({ server: () => url, serverFile, key: runner.launch.key, log });
  onTestFinished(() => port.close());
  const reachServerAt = (at: string) => {
    url = at;
  };
  return { sessionId, port, lines, reachServerAt, ...port.admit(agent, () => turn) };
}

/** A request by a route, as a program makes it; `path` begins with the route’s name. */
export const ask = (program: Program, path: string, init: RequestInit = {}) =>
  fetch(`${program.url}/_credential${path}`, {
    redirect: 'manual',
    ...init,
    headers: { 'x-omnigent-token': program.token, ...init.headers },
  });

/** One procedure as a browser calls it. */
export async function callApi(server: TestServer, visitor: Visitor, procedure: string, input?: object) {
  const headers = { ...tab(server, visitor), 'content-type': 'application/json' };
  const isQuery = procedure === 'secret.list';
  const init = isQuery ? { headers } : { method: 'POST', headers, body: JSON.stringify(input ?? {}) };
  const answered = await server.request(`/api/trpc/${procedure}`, init);
  const text = await answered.text();
  const body = JSON.parse(text) as { result?: { data: unknown }; error?: { message: string } };
  return { status: answered.status, text, data: body.result?.data, message: body.error?.message ?? '' };
}

export interface Stored {
  name: string;
  url: string;
  use: SecretUse;
  value: string;
  methods?: SecretMethod[] | null;
}

export async function store(server: TestServer, visitor: Visitor, secret: Stored): Promise<void> {
  const { status, text } = await callApi(server, visitor, 'secret.set', secret);
  if (status !== 200) throw new Error(text);
}

/** Events of a session's log. */
export const eventsOf = (server: TestServer, sessionId: SessionId): Promise<SessionEvent[]> =>
  server.services.log.read(sessionId, { after: 0, limit: 500 });

/** Every row of the database as text; bytes in hex. */
export async function dumpOf(server: TestServer): Promise<string> {
  const rows = await server.sql`
    select query_to_xml(format('select * from %I', tablename), true, false, '')::text as text
    from pg_tables where schemaname = 'public'`;
  return rows.map((row) => String(row.text)).join('\n');
}

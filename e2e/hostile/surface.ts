/**
 * Everything a stranger can reach, read from where it is declared: procedures from the router, paths from the entrance,
 * pages from app/. A new one is part of every hostile test at once. Knows no attack.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { appRouter } from '#server/api/router.ts';
import { routes, socketPaths } from '#server/http/route.ts';
import { projectRoot } from '../server-process.ts';

export interface Procedure {
  path: string;
  type: 'query' | 'mutation' | 'subscription';
  /** Names of its input's fields. */
  fields: string[];
}

interface Declared {
  _def: { type: Procedure['type']; inputs?: { shape: Record<string, unknown> }[] };
}

export const procedures: Procedure[] = Object.entries(
  appRouter._def.procedures as unknown as Record<string, Declared>,
).map(([path, { _def }]) => ({
  ...{ path, type: _def.type },
  fields: [...new Set((_def.inputs ?? []).flatMap((input) => Object.keys(input.shape)))],
}));

/** Nothing waits under this id. */
const noApproval = `apr_${'0'.repeat(26)}`;

/** No browser has it. */
const noSubscription = 'A'.repeat(43);

/** What calls and paths speak of. */
export interface Subject {
  session: string;
  terminalId: string;
  personId: string;
  dir: string;
}

type Input = Record<string, unknown>;

/** Of approvals and rules. */
const decisionsFor = (session: string): Record<string, Input | undefined> => ({
  'approval.list': { decided: 5, session },
  'approval.count': undefined,
  'approval.get': { id: noApproval },
  'approval.radius': { id: noApproval },
  'approval.similar': { id: noApproval },
  'approval.show': { id: noApproval },
  'approval.decide': {
    ...{
      id: noApproval,
      decision: 'denied',
      note: 'no',
      edit: 'ls',
      forSession: false,
      hash: 'f'.repeat(64),
    },
  },
  'approval.settle': { id: noApproval, found: 'happened' },
  'approval.revoke': { id: noApproval },
  'policy.effective': { session },
  'policy.test': {
    ...{ session, subject: { kind: 'command', text: 'ls' } },
    edited: { level: 'session', text: 'version: "2026.1"' },
  },
  'policy.replay': { session, last: 2, edited: { level: 'session', text: 'version: "2026.1"' } },
  'policy.change': { level: 'session', session, text: 'version: "2026.1"', base: '' },
});

/** A valid input of every procedure with every field; `undefined` where it takes none. */
export function inputsFor({ session, terminalId, personId, dir }: Subject): Record<string, Input | undefined> {
  const size = { cols: 80, rows: 24 };
  const command = ['true'];
  const terminal = { session, terminalId };
  const turnId = `trn_${'0'.repeat(26)}`;
  return {
    'person.me': undefined,
    'person.link': { as: 'Grace' },
    'session.list': { group: 'idle', cursor: '', limit: 10 },
    'session.get': { session },
    'session.history': { session, before: 5, after: 1, limit: 10 },
    'session.search': { query: 'word', before: '' },
    'session.create': {
      ...{ name: 'made', dir, includeChanges: false, command, ...size, wait: false },
      ...{
        harness: 'acp:example',
        model: 'm',
        agent: 'coder',
        workspace: `${dir}/omnigent.yaml`,
        sandbox: 'bubblewrap',
      },
    },
    'session.sandbox': undefined,
    'session.sandboxView': { session },
    'session.pause': { session },
    'session.stop': { session },
    'session.resume': { session },
    'session.end': { session, discard: false },
    'session.processes': undefined,
    'session.events': { session, after: 0, lastEventId: 1 },
    'session.changes': undefined,
    'session.activity': undefined,
    'session.presence': { session, place: 'here' },
    'session.visitors': undefined,
    'turn.send': { session, prompt: 'hello', agent: 'coder', harness: 'acp:example', model: 'm', turnId },
    'turn.open': { session, agent: 'coder', harness: 'acp:example', model: 'm' },
    'turn.steer': { session, text: 'more' },
    'turn.interrupt': { session },
    'turn.move': { session, turnId, before: null },
    'turn.withdraw': { session, turnId },
    'turn.text': { session },
    'turn.diff': { session, against: 'base' },
    'turn.usage': { session },
    ...decisionsFor(session),
    'audit.verify': undefined,
    'audit.read': { after: { chain: session, seq: 1 }, limit: 10 },
    'audit.find': { principal: personId, types: ['session.created'], session, text: 'word', cursor: '', limit: 10 },
    'audit.choices': undefined,
    'harness.list': undefined,
    'provider.list': undefined,
    'provider.set': { name: 'openai', key: 'sk-1', baseUrl: 'https://models.example.com' },
    'provider.remove': { name: 'openai' },
    'secret.list': undefined,
    'secret.set': {
      ...{ name: 'forge', value: 'v-1', url: 'https://git.example.com/team/', methods: ['GET', 'POST'] },
      use: { kind: 'basic', user: 'bot' },
    },
    'secret.remove': { name: 'forge' },
    'secret.rotate': undefined,
    'notify.prepare': undefined,
    'notify.list': undefined,
    'notify.subscribe': {
      endpoint: 'https://push.example.com/send/1',
      keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) },
      browser: 'Firefox on Linux',
    },
    'notify.unsubscribe': { id: noSubscription },
    'notify.test': { id: noSubscription },
    'harness.install': { type: 'acp:example' },
    'terminal.open': { session, command, name: 'more', ...size },
    'terminal.close': { terminalId },
    'terminal.resolve': terminal,
    'terminal.screen': terminal,
    'terminal.resize': { ...terminal, ...size },
    'terminal.take': terminal,
    'terminal.give': { ...terminal, to: personId },
    'terminal.history': { terminalId, before: 1 },
  };
}

const paramFree = (segment: string) => !segment.startsWith('(');

/** Paths of the pages below app/, with `session` where a page takes an id. */
export function pagePaths(session: string): string[] {
  const entries = readdirSync(join(projectRoot, 'app'), { recursive: true, encoding: 'utf8' });
  return entries
    .filter((entry) => /(^|\/)page\.tsx$/.test(entry))
    .map((entry) =>
      entry
        .split('/')
        .slice(0, -1)
        .filter(paramFree)
        .join('/')
        .replaceAll('[id]', session)
        .replaceAll('[approval]', noApproval),
    )
    .map((path) => `/${path}`)
    .sort();
}

export interface Request {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
}

/** Every route with every method it has a meaning for; pages and queries by GET, what changes something by POST. */
export function requestsFor(subject: Subject): Request[] {
  const inputs = inputsFor(subject);
  const { signIn, signOut, gateway } = routes;
  const gets = [
    routes.health,
    routes.readiness,
    ...pagePaths(subject.session),
    '/icon.svg',
    '/sw.js',
    '/favicon.ico',
    '/no-such-page',
  ];
  return [
    ...gets.map((path): Request => ({ method: 'GET', path })),
    ...procedures.map((procedure) => requestOf(procedure, inputs[procedure.path])),
    { method: 'POST', path: signIn, body: { token: 'lnk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' } },
    { method: 'POST', path: signOut, body: {} },
    { method: 'POST', path: `${gateway}v1/messages`, body: {} },
    { method: 'POST', path: `${gateway}credentials/forge/x`, body: {} },
  ];
}

/** A call of one procedure over HTTP. */
export function requestOf({ path, type }: Procedure, input: unknown): Request {
  const target = `${routes.procedures}${path}`;
  if (type === 'mutation') return { method: 'POST', path: target, body: input ?? {} };
  return {
    method: 'GET',
    path: input === undefined ? target : `${target}?input=${encodeURIComponent(JSON.stringify(input))}`,
  };
}

/** Paths of every socket. */
export const socketsFor = ({ terminalId }: Subject): string[] =>
  Object.values(socketPaths).map((path) => (path.endsWith('/') ? `${path}${terminalId}` : path));

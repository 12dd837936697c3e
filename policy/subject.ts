/** An imagined action, as people and files write it down, and its facts. Pure: it is shown the files. */
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import type { ActionKind } from '#protocol/turn-event.ts';
import type { CommandParser } from './command/index.ts';
import type { FileView, Place } from './file-view.ts';
import { type RequestHeaders, readHeaders } from './header.ts';
import { resolveUrl } from './network.ts';
import { pathFact } from './path.ts';
import { hostOf } from './url.ts';

export type Subject =
  | { kind: 'command'; text: string }
  | { kind: 'path'; op: 'read' | 'write' | 'delete' | 'list'; path: string }
  | ({ kind: 'request' } & NetworkRequest);

export interface NetworkRequest {
  method: string;
  url: string;
  /** What its header says, by names in any case. */
  headers?: RequestHeaders | undefined;
  /** Where it was sent on to, as it is spelled: perhaps relative to `url`. */
  redirectTo?: string | undefined;
  /** Addresses that the host's name stands for; absent: it was not looked up. */
  addresses?: readonly string[] | undefined;
}

/** What the subject is as an agent's action. */
export function actionOf(subject: Subject): { kind: ActionKind; command: string | null; paths: string[] } {
  switch (subject.kind) {
    case 'command':
      return { kind: 'command', command: subject.text, paths: [] };
    case 'request':
      return { kind: 'network', command: null, paths: [] };
    case 'path': {
      const isChange = subject.op === 'write' || subject.op === 'delete';
      return { kind: isChange ? 'write' : 'read', command: null, paths: [subject.path] };
    }
  }
}

/** Nothing is anywhere. */
export const noFiles: FileView = { look: () => null, resolve: (path) => path, list: () => [] };

export function factsOf(subject: Subject, place: Place, parser: CommandParser): ActionFacts {
  switch (subject.kind) {
    case 'command':
      return parser.analyse(subject.text, place);
    case 'path':
      return pathFacts(subject.path, subject.op, place);
    case 'request':
      return requestFacts(subject);
  }
}

/** Of a request that is about to be sent. */
export function requestFacts({ url, redirectTo, headers, addresses, ...request }: NetworkRequest): ActionFacts {
  const urls = redirectTo === undefined ? [url] : [url, resolveUrl(redirectTo, url) ?? redirectTo];
  const hosts = new Set(urls.flatMap((each) => hostOf(each) ?? []));
  const method = request.method.toUpperCase();
  return {
    ...{ ...noFacts, hosts: [...hosts], requests: urls.map((each) => ({ method, url: each })) },
    connection: { addresses: addresses ? [...addresses] : null, header: readHeaders(headers) },
  };
}

/** Of one use of a file by a tool. */
function pathFacts(spelled: string, op: 'read' | 'write' | 'delete' | 'list', place: Place): ActionFacts {
  const factOf = (path: string) => ({
    ...pathFact(path.replace(/^~(?=\/|$)/, place.home), op, place.cwd, place),
    path: spelled,
  });
  const problem = spelled === '' ? 'the path is empty' : unreadable(spelled);
  if (problem === null) return { ...noFacts, paths: [factOf(spelled)] };
  const plainest = spelled.length > longest ? '' : asRead(spelled);
  const facts = plainest === '' ? [] : [factOf(plainest)];
  return { ...noFacts, paths: facts.filter(({ restricted }) => restricted), unclear: [problem] };
}

/** Characters; the kernel takes no longer one. */
const longest = 4_096;

/** The path as the most willing reader would take it. */
const asRead = (spelled: string): string =>
  spelled
    .normalize('NFKC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, '')
    .replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll('\\', '/')
    .replaceAll('\0', '')
    .trim();

/** What a person would not see in a path. */
function unreadable(spelled: string): string | null {
  if (spelled.length > longest) return 'the path is longer than any can be';
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(spelled)) return 'the path holds characters that do not show';
  if (spelled !== spelled.trim() || /\s(?:\/|$)/.test(spelled)) return 'the path begins or ends with a blank';
  // Letters that some readers fold into others: a wide full stop, a fraction slash. Accents composed or not are the same.
  if (spelled.normalize('NFKC') !== spelled.normalize('NFC')) return 'the path has letters that look like others';
  // A file name may hold a dollar sign, as routes of some frameworks do; a shell would put something in its place here.
  const isExpanded = /^\$\w|\$[{(]|`/.test(spelled);
  const isOdd = isExpanded || /^~[^/]|^[a-z][a-z\d+.-]*:|%[\da-f]{2}|\\/i.test(spelled);
  return isOdd ? 'how the path is read is not certain' : null;
}

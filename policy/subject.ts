/** An imagined action, as people and files write it down, and its facts. Pure: it is shown the files. */
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import type { ActionKind } from '#protocol/turn-event.ts';
import type { CommandParser } from './command/index.ts';
import type { FileView, Place } from './file-view.ts';
import { pathFact } from './path.ts';
import { hostOf } from './url.ts';

export type Subject =
  | { kind: 'command'; text: string }
  | { kind: 'path'; op: 'read' | 'write' | 'delete' | 'list'; path: string }
  /** `redirectTo`: where it is sent on to. */
  | { kind: 'request'; method: string; url: string; redirectTo?: string | undefined };

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
    case 'request': {
      const { url, redirectTo } = subject;
      const urls = redirectTo === undefined ? [url] : [url, redirectTo];
      const hosts = new Set(urls.flatMap((each) => hostOf(each) ?? []));
      const method = subject.method.toUpperCase();
      return { ...noFacts, hosts: [...hosts], requests: urls.map((each) => ({ method, url: each })) };
    }
  }
}

/** Of one use of a file by a tool. */
function pathFacts(spelled: string, op: 'read' | 'write' | 'delete' | 'list', place: Place): ActionFacts {
  const problem = spelled === '' ? 'the path is empty' : unreadable(spelled);
  if (problem) return { ...noFacts, unclear: [problem] };
  const fact = pathFact(spelled.replace(/^~(?=\/|$)/, place.home), op, place.cwd, place);
  return { ...noFacts, paths: [{ ...fact, path: spelled }] };
}

/** What a person would not see in a path. */
function unreadable(spelled: string): string | null {
  if (spelled.length > 4_096) return 'the path is longer than any can be';
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(spelled)) return 'the path holds characters that do not show';
  if (spelled !== spelled.trim() || /\s(?:\/|$)/.test(spelled)) return 'the path begins or ends with a blank';
  return /^~[^/]|%[0-9a-f]{2}|\\/i.test(spelled) ? 'how the path is read is not certain' : null;
}

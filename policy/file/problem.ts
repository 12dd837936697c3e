/** What is wrong with a workspace file, where, and how it is mended. */
import type { Document, LineCounter, Node } from 'yaml';
import { isMap, isNode, isPair } from 'yaml';
import type * as z from 'zod';

export interface Problem {
  /** From 1. */
  line: number;
  column: number;
  message: string;
  fix: string;
}

/** `omnigent.yaml:12:5: …; …` */
export const problemLine = (file: string, { line, column, message, fix }: Problem): string =>
  `${file}:${line}:${column}: ${message}; ${fix}`;

export interface Located {
  document: Document.Parsed;
  lines: LineCounter;
}

/** Where the value at `path` stands; the nearest that is there. */
export function placeOf({ document, lines }: Located, path: readonly PropertyKey[]): { line: number; column: number } {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length) as unknown[], true);
    const range = isNode(node) ? (node as Node).range : null;
    if (range) {
      const { line, col } = lines.linePos(range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

/** Where a key of the map at `path` stands. */
function placeOfKey(located: Located, path: readonly PropertyKey[], key: string): { line: number; column: number } {
  const map = path.length === 0 ? located.document.contents : located.document.getIn(path as unknown[], true);
  const pair = isMap(map) ? map.items.find((each) => isPair(each) && String(each.key) === key) : undefined;
  const range = pair && isNode(pair.key) ? pair.key.range : null;
  if (!range) return placeOf(located, path);
  const { line, col } = located.lines.linePos(range[0]);
  return { line, column: col };
}

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text && '.'}${String(part)}`),
    '',
  );

type Issue = z.core.$ZodIssue;

/** One problem for each thing that does not fit. */
export const problemsOf = (issues: readonly Issue[], located: Located): Problem[] =>
  issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        ...placeOfKey(located, issue.path, key),
        message: key === 'rollback' ? noCheckpoints : `${dotted([...issue.path, key])} is not known`,
        fix: 'remove it, or correct its name',
      }));
    }
    const name = dotted(issue.path) || 'the file';
    return [{ ...placeOf(located, issue.path), message: `${name}: ${wordsOf(issue)}`, fix: fixOf(issue, located) }];
  });

const wordsOf = ({ message }: Issue): string => message.charAt(0).toLowerCase() + message.slice(1);

const noCheckpoints = 'there are no checkpoints to roll back to yet';

/** What may follow, by the key that says it. */
const reactionsTo: Readonly<Record<string, string>> = {
  on_violation: 'deny or pause',
  on_limit: 'pause, deny or downgrade:MODEL',
};

function fixOf(issue: Issue, { document }: Located): string {
  const reactions = reactionsTo[String(issue.path.at(-1))];
  if (reactions !== undefined) {
    const isRollback = document.getIn(issue.path as unknown[]) === 'rollback';
    return isRollback ? `${noCheckpoints}, write ${reactions}` : `write ${reactions}`;
  }
  switch (issue.code) {
    case 'invalid_type':
      return `write a ${issue.expected}`;
    case 'too_small':
      return `write at least ${issue.minimum}`;
    case 'too_big':
      return `write at most ${issue.maximum}`;
    case 'invalid_value':
      return `write ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    default:
      return 'see docs/policy.md';
  }
}

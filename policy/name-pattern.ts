/** Patterns of one name, `*.t[sx]`: which names they stand for, and whether two of them share one. In time that is bounded by both lengths. */

/** Any characters, or one of these. A plain character is itself. */
type Part = { kind: 'any' } | { kind: 'one'; char: string | null; matches(char: string): boolean };
export type NamePattern = readonly Part[];

const any: Part = { kind: 'any' };
const anyOne: Part = { kind: 'one', char: null, matches: () => true };
const plain = (char: string): Part => ({ kind: 'one', char, matches: (other) => other === char });

/** Brackets with nothing in them are letters. */
export const isWild = (name: string): boolean =>
  /[*?]/.test(name) || (name.lastIndexOf(']') > name.indexOf('[') + 1 && name.includes('['));

/** Of a name as a shell reads it. Brackets that are not simple stand for anything: what was quoted in them does not show. */
export function patternOf(name: string): NamePattern {
  const open = name.indexOf('[');
  const close = name.lastIndexOf(']');
  if (open < 0 || close <= open + 1) return partsOf(name);
  return [...partsOf(name.slice(0, open)), bracket(name.slice(open + 1, close)), ...partsOf(name.slice(close + 1))];
}

const partsOf = (text: string): Part[] =>
  [...text].map((char) => (char === '*' ? any : char === '?' ? anyOne : plain(char)));

function bracket(inside: string): Part {
  if (/[[\]]/.test(inside)) return any;
  const ranges = [...inside.matchAll(/([a-z])-([a-z])|([A-Z])-([A-Z])|(\d)-(\d)/g)];
  const isSimple = /^(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|\w)+$/.test(inside) && ranges.every(([range]) => isRising(range));
  if (!isSimple) return anyOne;
  // In some languages a range of letters holds both cases.
  const set = new RegExp(`^[${inside}]$`, 'i');
  return { kind: 'one', char: null, matches: (char) => set.test(char) };
}

const isRising = (range: string): boolean => (range[0] ?? '') <= (range[2] ?? '');

/** Of a name that holds nothing but itself. */
export const exactly = (name: string): NamePattern => [...name].map(plain);

const meets = (one: Part, other: Part): boolean => {
  if (one.kind === 'any' || other.kind === 'any') return true;
  if (one.char !== null) return other.matches(one.char);
  return other.char === null || one.matches(other.char);
};

/** Whether a name is there that both stand for. */
export function shareName(one: NamePattern, other: NamePattern): boolean {
  // reachable[b]: the parts of `one` so far and the first b of `other` can stand for the same.
  let reachable = Array.from({ length: other.length + 1 }, (_, b) =>
    other.slice(0, b).every(({ kind }) => kind === 'any'),
  );
  for (const part of one) {
    const next: boolean[] = [];
    for (let b = 0; b <= other.length; b++) {
      const last = other[b - 1];
      const isAnyOfOne = part.kind === 'any' && (reachable[b] || (next[b - 1] ?? false));
      const isAnyOfOther = last?.kind === 'any' && (next[b - 1] || (reachable[b] ?? false));
      const isBoth = last !== undefined && (reachable[b - 1] ?? false) && meets(part, last);
      next.push(isAnyOfOne || isAnyOfOther || isBoth);
    }
    reachable = next;
  }
  return reachable[other.length] ?? false;
}

/** Programs of awk: whether one only counts, compares and prints. Strings and patterns are told from what stands around them. */

/** Names that run, open or show something else. */
const reaching =
  /^(?:system|getline|close|fflush|ENVIRON|ARGV|ARGC|PROCINFO|SYMTAB|FUNCTAB|extension|load|include|namespace)$/;
const keywords =
  /^(?:print|printf|return|in|case|default|do|else|delete|exit|if|while|for|func|function|switch|next|nextfile|break|continue|length|BEGIN|END|BEGINFILE|ENDFILE)$/;
/** Whole tokens; what follows none of them is not looked into. */
const tokens: readonly [kind: string, pattern: RegExp][] = [
  ['space', /^[ \t]+/],
  ['line', /^(?:#[^\n]*)?\n|^#[^\n]*$/],
  ['string', /^"(?:[^"\\\n]|\\[^\n])*"/],
  ['number', /^\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|^\.\d+/],
  ['name', /^[A-Za-z_]\w*/],
  ['operator', /^(?:\|\||&&|\+\+|--|[-+*%^=!<>]=|[-+*%^=!<~,?:;$])/],
  ['more', /^>(?!>)/],
  ['bracket', /^[()[\]{}]/],
];
const pattern = /^\/(?:[^/\\\n[\]]|\\[^\n]|\[\^?\]?[^/\\\n[\]]*\])+\//;

interface State {
  braces: number;
  parens: number;
  /** What is printed may be sent to a file behind it. */
  isPrinting: boolean;
  /** What stands before; '' at the start of a line. */
  before: { kind: string; text: string };
}

/** Neither files nor programs: nothing but what it reads, and what it prints. */
export function isPlainAwk(program: string): boolean {
  const state: State = { braces: 0, parens: 0, isPrinting: false, before: { kind: 'line', text: '' } };
  let rest = program;
  while (rest !== '') {
    const token = nextToken(rest, state.before);
    if (!token || !takes(state, token)) return false;
    if (token.kind !== 'space') state.before = token;
    rest = rest.slice(token.text.length);
  }
  return state.braces === 0 && state.parens === 0;
}

function nextToken(rest: string, before: State['before']): State['before'] | null {
  if (rest.startsWith('/')) return slash(rest, before);
  for (const [kind, shape] of tokens) {
    const text = shape.exec(rest)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return null;
}

/** A pattern, or a division. Behind `)`, `++` and words of the language it could be either. */
function slash(rest: string, { kind, text }: State['before']): State['before'] | null {
  const isVariable = kind === 'name' && !keywords.test(text);
  const isOperand = isVariable || kind === 'number' || kind === 'string' || text === ']';
  if (isOperand) return { kind: 'operator', text: rest.startsWith('/=') ? '/=' : '/' };
  if (kind === 'name' || kind === 'pattern' || /^(?:\)|\+\+|--)$/.test(text)) return null;
  const whole = pattern.exec(rest)?.[0];
  return whole === undefined ? null : { kind: 'pattern', text: whole };
}

/** False: it may reach something. */
function takes(state: State, { kind, text }: State['before']): boolean {
  if (kind === 'name') {
    state.isPrinting ||= /^printf?$/.test(text);
    return !reaching.test(text);
  }
  // To compare, it stands in parentheses or where nothing is printed.
  if (kind === 'more') return state.parens > 0 || !state.isPrinting;
  if (text === ';' || text === '{' || text === '}') state.isPrinting = false;
  if (text === '{' || text === '}') state.braces += text === '{' ? 1 : -1;
  if (text === '(' || text === ')') state.parens += text === '(' ? 1 : -1;
  return state.braces >= 0 && state.parens >= 0;
}

/** Every keyboard command: its key, its words and where it works. The only table; pages, help and key caps read it. */

export type Scope = 'everywhere' | 'list' | 'inbox' | 'session';

export type Command =
  | 'palette'
  | 'help'
  | 'session.new'
  | 'search'
  | 'row.next'
  | 'row.previous'
  | 'row.open'
  | 'row.peek'
  | 'filter'
  | 'view.toggle'
  | 'approval.next'
  | 'approval.previous'
  | 'approval.approve'
  | 'approval.edit'
  | 'approval.session'
  | 'approval.deny'
  | 'approval.select'
  | 'approval.alike'
  | 'approval.clear'
  | 'approval.open'
  | 'list.open'
  | 'prompt.focus'
  | 'terminal.focus'
  | 'terminal.next'
  | 'terminal.previous'
  | 'terminal.new'
  | 'terminal.find'
  | 'terminal.older'
  | 'driver.take'
  | 'driver.request';

interface Shortcut {
  command: Command;
  scope: Scope;
  /** What it does, as an imperative. */
  label: string;
  /** Key caps to show. */
  caps: readonly string[];
  /** `KeyboardEvent.key` in lower case, or `code:` and a `KeyboardEvent.code` where Alt changes the character. */
  keys: readonly string[];
  modifier?: 'command' | 'alt';
}

/** The keys that decide a question: the same in the inbox, in a session, and in a peek. */
const deciding = (scope: Scope): Shortcut[] => [
  { command: 'approval.approve', scope, label: 'Approve what is asked', caps: ['a'], keys: ['a'] },
  { command: 'approval.edit', scope, label: 'Edit it, then approve', caps: ['e'], keys: ['e'] },
  { command: 'approval.session', scope, label: 'Allow it for the session', caps: ['s'], keys: ['s'] },
  { command: 'approval.deny', scope, label: 'Deny it with a note', caps: ['d'], keys: ['d'] },
];

export const shortcuts: readonly Shortcut[] = [
  {
    command: 'palette',
    scope: 'everywhere',
    label: 'Commands and sessions',
    caps: ['⌘K'],
    keys: ['k'],
    modifier: 'command',
  },
  { command: 'search', scope: 'everywhere', label: 'Search in sessions', caps: ['/'], keys: ['/'] },
  { command: 'session.new', scope: 'everywhere', label: 'New session', caps: ['n'], keys: ['n'] },
  { command: 'help', scope: 'everywhere', label: 'Show all keys', caps: ['?'], keys: ['?'] },
  { command: 'row.next', scope: 'list', label: 'Next session', caps: ['j', '↓'], keys: ['j', 'arrowdown'] },
  { command: 'row.previous', scope: 'list', label: 'Previous session', caps: ['k', '↑'], keys: ['k', 'arrowup'] },
  { command: 'row.open', scope: 'list', label: 'Open the session', caps: ['↵'], keys: ['enter'] },
  { command: 'row.peek', scope: 'list', label: 'Peek into the session', caps: ['space'], keys: [' '] },
  { command: 'filter', scope: 'list', label: 'Filter the list', caps: ['f'], keys: ['f'] },
  { command: 'view.toggle', scope: 'list', label: 'Switch list and wall', caps: ['w'], keys: ['w'] },
  { command: 'approval.next', scope: 'inbox', label: 'Next question', caps: ['j', '↓'], keys: ['j', 'arrowdown'] },
  {
    command: 'approval.previous',
    scope: 'inbox',
    label: 'Previous question',
    caps: ['k', '↑'],
    keys: ['k', 'arrowup'],
  },
  ...deciding('inbox'),
  { command: 'approval.select', scope: 'inbox', label: 'Select for several at once', caps: ['x'], keys: ['x'] },
  { command: 'approval.alike', scope: 'inbox', label: 'Select all of that kind', caps: ['l'], keys: ['l'] },
  { command: 'approval.clear', scope: 'inbox', label: 'Select none', caps: ['esc'], keys: ['escape'] },
  { command: 'approval.open', scope: 'inbox', label: 'Open its session', caps: ['o'], keys: ['o'] },
  ...deciding('list'),
  ...deciding('session'),
  { command: 'prompt.focus', scope: 'session', label: 'Write a prompt', caps: ['i'], keys: ['i'] },
  { command: 'terminal.focus', scope: 'session', label: 'Go to the terminal', caps: ['t'], keys: ['t'] },
  { command: 'terminal.next', scope: 'session', label: 'Next terminal', caps: [']'], keys: [']'] },
  { command: 'terminal.previous', scope: 'session', label: 'Previous terminal', caps: ['['], keys: ['['] },
  { command: 'terminal.new', scope: 'session', label: 'Open a shell', caps: ['c'], keys: ['c'] },
  {
    command: 'terminal.find',
    scope: 'session',
    label: 'Find in the terminal',
    caps: ['⌘F'],
    keys: ['f'],
    modifier: 'command',
  },
  { command: 'terminal.older', scope: 'session', label: 'Older output', caps: ['o'], keys: ['o'] },
  {
    command: 'driver.take',
    scope: 'session',
    label: 'Take the wheel',
    caps: ['⌥T'],
    keys: ['code:KeyT'],
    modifier: 'alt',
  },
  {
    command: 'driver.request',
    scope: 'session',
    label: 'Ask for the wheel',
    caps: ['⌥R'],
    keys: ['code:KeyR'],
    modifier: 'alt',
  },
  { command: 'list.open', scope: 'session', label: 'Back to the sessions', caps: ['u'], keys: ['u'] },
];

/** Keys that work while the terminal has the keyboard; every other key belongs to its program. */
export const terminalKeys: readonly { caps: readonly string[]; label: string }[] = [
  { caps: ['⌃⇧L'], label: 'Leave the terminal' },
  { caps: ['⌃⇧F'], label: 'Find' },
  { caps: ['⌃⇧C'], label: 'Copy the selection' },
  { caps: ['⌃⇧V'], label: 'Paste' },
  { caps: ['⌥T'], label: 'Take the wheel, while another drives' },
  { caps: ['⌥R'], label: 'Ask for the wheel, while another drives' },
];

/** The part of a KeyboardEvent that is looked at. */
export interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const modifierOf = (key: Key): 'command' | 'alt' | undefined => {
  if (key.metaKey || key.ctrlKey) return 'command';
  return key.altKey ? 'alt' : undefined;
};

/** The command of a key on a page of `scope`, outside of text fields and terminals. */
export function commandFor(key: Key, scope: Scope): Command | null {
  const modifier = modifierOf(key);
  const names = [key.key.toLowerCase(), `code:${key.code}`];
  const found = shortcuts.find(
    (each) =>
      (each.scope === scope || each.scope === 'everywhere') &&
      each.modifier === modifier &&
      each.keys.some((name) => names.includes(name)),
  );
  return found?.command ?? null;
}

/** The key caps of a command on this machine: "⌘K" on a Mac, "Ctrl K" elsewhere. */
export function capsOf(command: Command, isMac: boolean): readonly string[] {
  const caps = shortcuts.find((each) => each.command === command)?.caps ?? [];
  return caps.map((cap) => localCap(cap, isMac));
}

/** A key cap in the words of this machine's keyboard. */
export const localCap = (cap: string, isMac: boolean): string =>
  isMac ? cap : cap.replace('⌘', 'Ctrl ').replace('⌥', 'Alt ').replace('⌃', 'Ctrl ').replace('⇧', 'Shift ');

/** Who gets a key while the terminal has the keyboard: its program, or one of the few commands of the page. Pure. */

export interface TerminalKey {
  type: string;
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export type TerminalCommand = 'leave' | 'find' | 'copy' | 'paste' | 'take' | 'request' | 'palette';

export interface KeyContext {
  isMac: boolean;
  /** This person's keys reach the program; without the wheel, more keys are free for the page. */
  drives: boolean;
  hasSelection: boolean;
}

const chords: Record<string, TerminalCommand> = { KeyL: 'leave', KeyF: 'find', KeyC: 'copy', KeyV: 'paste' };
const macChords: Record<string, TerminalCommand> = { KeyF: 'find', KeyK: 'palette' };

/** The page's command, or null: the key is the program's. */
export function terminalCommand(key: TerminalKey, { isMac, drives, hasSelection }: KeyContext): TerminalCommand | null {
  if (key.type !== 'keydown') return null;
  if (key.ctrlKey && key.shiftKey && !key.altKey && !key.metaKey) return chords[key.code] ?? null;
  if (isMac && key.metaKey && !key.ctrlKey && !key.altKey) return macChords[key.code] ?? null;
  if (drives) return null;
  if (key.altKey && !key.ctrlKey && key.code === 'KeyT') return 'take';
  if (key.altKey && !key.ctrlKey && key.code === 'KeyR') return 'request';
  if (key.ctrlKey && !key.altKey && key.code === 'KeyF') return 'find';
  if (key.ctrlKey && !key.altKey && key.code === 'KeyC' && hasSelection) return 'copy';
  return null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences of focus and mouse reports
const report = /^\u001b\[(?:[IO]|<\d+;\d+;\d+[Mm]|M[\s\S]{3})$/;

/**
 * The text is a report about the window (focus, mouse) that the emulator made, not something a person typed. Only the
 * driver's go out: looking at a terminal must not take its wheel.
 */
export const isReport = (text: string): boolean => report.test(text);

/** A typed character with Control held: "c" becomes 0x03. Anything that has no control character stays as it is. */
export function withControl(text: string): string {
  const code = text.toUpperCase().charCodeAt(0);
  return text.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text;
}

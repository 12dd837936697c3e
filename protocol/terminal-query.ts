/**
 * What a viewer's emulator must not do: answer the program (the runner's emulator alone does) or follow an unsafe link.
 * Pure; works on any xterm.js terminal.
 */
import { type CoreParams, coreOf } from './xterm-core.ts';

/** The part of xterm.js' public parser that is needed. A handler that returns true keeps a sequence from the others. */
export interface SequenceParser {
  registerCsiHandler(id: { prefix?: string; intermediates?: string; final: string }, handler: () => boolean): unknown;
}

/** Control sequences that ask: device attributes, status, modes, versions, window reports, keyboard protocol. */
const questions = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { prefix: '=', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
  { prefix: '>', final: 'q' },
  { final: 't' },
  { prefix: '?', final: 'u' },
  { prefix: '>', final: 'm' },
  { prefix: '?', final: 'm' },
  { final: 'x' },
] as const;

/**
 * Silences a viewer: whatever the output asks, the terminal's `onData` stays quiet, so that it carries keys only.
 * Requests in strings (settings, colours, clipboard), titles and images are ignored by every exact emulator already.
 * Throws AppError `server.internal` if the terminal is not an xterm.js 6.0.0.
 */
export function muteQueries(terminal: { parser: SequenceParser }): void {
  const silent = () => true;
  for (const id of questions) terminal.parser.registerCsiHandler(id, silent);
  muteFocusReport(terminal);
}

/** Asking for focus events makes xterm.js report the focus at once; a viewer only notes that they are wanted. */
function muteFocusReport(terminal: object): void {
  const { _inputHandler: input, coreService } = coreOf(terminal);
  input._parser.registerCsiHandler({ prefix: '?', final: 'h' }, ({ params, length }: CoreParams) => {
    const wanted = Array.from(params.subarray(0, length));
    if (!wanted.includes(1004)) return false;
    coreService.decPrivateModes.sendFocus = true;
    const others = wanted.filter((mode) => mode !== 1004);
    if (others.length > 0) input.setModePrivate({ length: others.length, params: others });
    return true;
  });
}

/** True for addresses a viewer may open after asking: http and https with a host, without sign-in data or controls. */
export function isSafeLink(address: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (address.length > 4096 || /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\u202a-\u202e\u2066-\u2069\\]/u.test(address))
    return false;
  if (!/^https?:\/\//i.test(address)) return false;
  try {
    const { protocol, hostname, username, password } = new URL(address);
    return ['http:', 'https:'].includes(protocol) && hostname !== '' && username === '' && password === '';
  } catch {
    return false;
  }
}

/** What a tool is given beside a command, as a person reads it in a terminal. Pure. */
import type { ToolInput } from '#protocol/turn-event.ts';
import { printable } from '../io.ts';

/** Lines of one action that are printed. */
const maxLines = 200;

interface Asked {
  id: string;
  tool: string;
  input: ToolInput | null;
}

/** Below a line that names the action; '' where nothing is to be said. */
export function inputText({ id, tool, input }: Asked): string {
  if (!input || input.text === '') return '';
  const lines = input.text.split('\n');
  const shown = lines.slice(0, maxLines).map((line) => `  ${printable(line)}`);
  const hidden = input.left + lines.slice(maxLines).join('\n').length;
  const note = hidden > 0 ? [`  … ${hidden} more characters, see the inbox`] : [];
  return [`${id} ${printable(tool)}`, ...shown, ...note, ''].join('\n');
}

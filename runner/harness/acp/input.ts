/** What the raw input of an ACP tool call says, under the names that agents use. Pure. */

export interface CallInput {
  /** As a shell would read it; null: it names none, or not for sure. */
  command: string | null;
  path: string | null;
}

/** One word of a list, written so that a shell reads exactly it. */
const quoted = (word: string): string => (/^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

function commandOf({ command, cmd = command, args }: Record<string, unknown>): string | null {
  // Which of two it runs, and what becomes of further words, is for the agent to know.
  if (args !== undefined || (command !== undefined && command !== cmd)) return null;
  if (typeof cmd === 'string') return cmd;
  const isList = Array.isArray(cmd) && cmd.length > 0 && cmd.every((word) => typeof word === 'string');
  return isList ? cmd.map(quoted).join(' ') : null;
}

export function inputOf(input: unknown): CallInput {
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const path = [fields.path, fields.file_path, fields.filePath, fields.filename].find(
    (value) => typeof value === 'string',
  );
  return { command: commandOf(fields), path: (path as string | undefined) ?? null };
}

/** What the raw input of an ACP tool call says, under the names that agents use. Pure. */

export interface CallInput {
  /** As a shell would read it; null: it names none, or not for sure. */
  command: string | null;
  /** The files it names, each once. */
  paths: string[];
  /** Where it works, as it is spelled; null: it names none, `unknown`: none that is text. */
  folder: { spelled: string } | 'unknown' | null;
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

function folderOf({ workdir, cwd }: Record<string, unknown>): CallInput['folder'] {
  const spelled = [workdir, cwd].find((value) => value !== undefined && value !== null && value !== '');
  if (spelled === undefined) return null;
  return typeof spelled === 'string' ? { spelled } : 'unknown';
}

export function inputOf(input: unknown): CallInput {
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const named = [fields.path, fields.file_path, fields.filePath, fields.filename];
  const paths = [...new Set(named.filter((value) => typeof value === 'string'))];
  return { command: commandOf(fields), paths, folder: folderOf(fields) };
}

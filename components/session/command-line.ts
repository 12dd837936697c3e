/** Splits what a person types as a program into its arguments. Expands nothing: no variables, globs or pipes. */

/** Arguments, or the sentence that says why there are none. */
export type CommandLine = { ok: true; command: string[] | null } | { ok: false; problem: string };

const shellOnly = /^[|&;<>()`]+$/;

/** Words by blanks, with quotes and backslashes as in a shell. Empty text is `null`: the login shell. */
export function parseCommandLine(text: string): CommandLine {
  const words: string[] = [];
  const pattern = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)|(["'\\])/gsu;
  let word: string | null = null;
  for (const [match, double, single, escaped, plain, loose] of text.trim().matchAll(pattern)) {
    if (loose !== undefined) return { ok: false, problem: `A ${loose} has no partner. Close it or remove it.` };
    const piece = double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain;
    if (piece === undefined && /^\s/.test(match)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + (piece ?? '');
    if (plain !== undefined && shellOnly.test(plain)) {
      return { ok: false, problem: `${plain} needs a shell: write sh -c "…" around the line.` };
    }
  }
  if (word !== null) words.push(word);
  return { ok: true, command: words.length === 0 ? null : words };
}

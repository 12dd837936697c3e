/** Programs that run a program in a language of their own: from a file, from words, or from what they read. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import type { Call, Describe } from './call.ts';
import type { Word } from './word.ts';

const languages =
  /^(?:node|nodejs|deno|tsx|ts-node|python[\d.]*|pypy3?|perl|ruby|php|lua[\d.]*|tclsh|Rscript|guile|osascript|julia|elixir|irb|expect)$/;
/** What they are given to read is commands, beside the file that they open. */
const editors = /^(?:gdb|lldb|sqlite3|psql|mysql|mariadb|ed|ex|vi|vim|nvim|emacs|nano|dc)$/;

const isVersion = (args: readonly Word[]): boolean =>
  args.length === 1 && /^(?:--version|-v|-V|--help|-h)$/.test(args[0]?.text ?? '');

/** `node file`, `python file`, `perl -e …`: the file runs; text on the command line is not looked into. */
const describeLanguage: Describe = (call) => {
  const { args, collector, cwds, program, input } = call;
  if (isVersion(args)) return 'read';
  if (args[0]?.text === '-m' && /^py/.test(program)) return describeModule(call);
  const script = args.find(({ text }) => !text.startsWith('-'));
  const hasOptions = args.some(
    ({ text }) => text.startsWith('-') && !/^(?:--test|--watch|-u|-B|-W.*|--enable-source-maps)$/.test(text),
  );
  if (hasOptions) collector.unclear(`what ${program} is told with options is not looked into`);
  if (program === 'deno' && !/^(?:run|test|check|lint|fmt|task)$/.test(script?.text ?? ''))
    collector.unclear('what deno is told is not looked into');
  if (script && (!hasOptions || script.text.includes('/'))) collector.path(script, 'execute', cwds);
  if (script && /^(?:\/dev\/(?:stdin|fd\/\d+)|\/proc\/.*)$/.test(script.text))
    collector.unclear(`what ${program} reads as a program is not looked into`);
  if (!script && input.kind !== 'none') collector.unclear(`what ${program} reads as a program is not looked into`);
  if (!script && !hasOptions) collector.unclear(`${program} takes a program from its input`);
  for (const word of args) {
    if (word !== script && !word.text.startsWith('-')) collector.path(word, 'read', cwds);
  }
  return 'execute';
};

function describeModule({ args, collector, cwds, program }: Call): CommandEffect {
  for (const word of args.slice(2)) if (!word.text.startsWith('-')) collector.path(word, 'read', cwds);
  if (!/^(?:pytest|unittest|mypy|ruff|black|pip|venv|compileall|build|coverage|tox)$/.test(args[1]?.text ?? ''))
    collector.unclear(`what ${program} -m runs is not known`);
  return 'execute';
}

/** `ed file`, `psql db`: the first word is what is opened; further ones, options and what they read may run programs. */
const describeEditor: Describe = ({ args, collector, cwds, program, input }) => {
  if (isVersion(args)) return 'read';
  const [file, ...more] = args.filter(({ text }) => !text.startsWith('-'));
  if (input.kind !== 'none') collector.unclear(`what ${program} reads as commands is not looked into`);
  const isTold = args.some(({ text }) => text.startsWith('-')) || /^[+!|]/.test(file?.text ?? '') || more.length > 0;
  if (isTold) collector.unclear(`what ${program} is told is not looked into`);
  for (const word of file ? [file, ...more] : []) collector.path(word, 'execute', cwds);
  return 'execute';
};

export function interpreterOf(program: string): Describe | null {
  if (languages.test(program)) return describeLanguage;
  return editors.test(program) ? describeEditor : null;
}

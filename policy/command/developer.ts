/** Tools that build, test and install: they run what the project says. Data. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { asWord, type Call, type Describe } from './call.ts';
import type { Word } from './word.ts';

/** By subcommand; `*` for any other. */
type Tool = Readonly<Record<string, CommandEffect>>;

/** What every tool says of itself; other spellings mean `verbose` to some. */
const versions: Tool = { '--version': 'read', '--help': 'read' };
/** Tools that know no `verbose` of one letter. */
const short: Tool = { ...versions, '-v': 'read', '-h': 'read', '-V': 'read' };
/** Tools whose first word is a command, never a file, a target or a package. */
const spoken: Tool = { ...short, version: 'read', help: 'read' };
const packages: Tool = {
  ...spoken,
  ...{
    ls: 'read',
    list: 'read',
    root: 'read',
    prefix: 'read',
    bin: 'read',
    why: 'read',
    explain: 'read',
    query: 'read',
    pkg: 'write',
  },
  ...{
    view: 'network',
    info: 'network',
    outdated: 'network',
    audit: 'network',
    search: 'network',
    publish: 'network',
    login: 'network',
  },
  ...{
    whoami: 'network',
    ping: 'network',
    pack: 'execute',
    cache: 'write',
    config: 'write',
    init: 'write',
    version: 'write',
    link: 'write',
    '*': 'execute',
  },
};
const runs: Tool = { ...versions, '*': 'execute' };
const compiler: Tool = { ...short, '*': 'execute' };

const tools: Readonly<Record<string, Tool>> = {
  ...{
    npm: packages,
    pnpm: packages,
    yarn: { ...short, '*': 'execute' },
    bun: { ...short, '*': 'execute' },
    npx: { ...short, '*': 'execute' },
    corepack: runs,
    pnpx: runs,
    bunx: runs,
  },
  ...{
    make: { ...versions, '-v': 'read', '*': 'execute' },
    gmake: runs,
    cmake: runs,
    ninja: runs,
    meson: runs,
    bazel: runs,
    just: runs,
    task: runs,
    rake: runs,
    tox: runs,
    nox: runs,
  },
  ...{
    pytest: runs,
    jest: runs,
    vitest: runs,
    mocha: runs,
    ava: runs,
    playwright: runs,
    cypress: runs,
    rspec: runs,
    phpunit: runs,
  },
  ...{
    tsc: compiler,
    eslint: compiler,
    prettier: compiler,
    biome: runs,
    ruff: runs,
    black: runs,
    mypy: runs,
    pyright: runs,
    flake8: runs,
    pylint: runs,
    isort: runs,
  },
  ...{
    cargo: {
      ...versions,
      '-V': 'read',
      tree: 'execute',
      metadata: 'execute',
      search: 'network',
      install: 'execute',
      publish: 'network',
      '*': 'execute',
    },
    rustc: runs,
    rustfmt: runs,
  },
  go: { ...spoken, env: 'read', list: 'read', doc: 'read', version: 'read', get: 'execute', '*': 'execute' },
  ...{
    gofmt: runs,
    gradle: runs,
    gradlew: runs,
    mvn: runs,
    mvnw: runs,
    sbt: runs,
    dotnet: runs,
    swift: runs,
    mix: runs,
    stack: runs,
    cabal: runs,
  },
  ...{
    pip: {
      ...versions,
      '-V': 'read',
      help: 'read',
      list: 'read',
      show: 'read',
      freeze: 'read',
      check: 'read',
      '*': 'execute',
    },
    poetry: runs,
    uv: runs,
    pipenv: runs,
    conda: runs,
  },
  ...{
    bundle: runs,
    gem: runs,
    composer: runs,
    turbo: runs,
    nx: runs,
    lerna: runs,
    tsx: runs,
    'ts-node': runs,
    gcc: runs,
    cc: runs,
    clang: runs,
    'g++': runs,
    ld: runs,
    javac: runs,
    java: runs,
  },
  ...{
    docker: { ...short, version: 'network', ps: 'read', images: 'read', '*': 'unknown' },
    kubectl: { version: 'network', get: 'network', describe: 'network', logs: 'network', '*': 'unknown' },
    terraform: { ...spoken, '*': 'unknown' },
  },
};

const aliases: Readonly<Record<string, string>> = { pip3: 'pip', pytest3: 'pytest' };

/** Options that only choose what is shown; with others some tools write, or run a program. */
const isQuiet = ({ text }: Word): boolean =>
  !text.startsWith('-') ||
  /^-(?:-?(?:json|long|parseable|all|global|g|a|l|m|u|r|q|depth(?:=\d+)?|prod|production|omit=\w+|outdated|recursive|no-trunc|format(?:=.*)?|filter(?:=.*)?))$/s.test(
    text,
  );

const describeTool = (tool: Tool, call: Call): CommandEffect => {
  const { args, collector, cwds } = call;
  for (const word of args) {
    if (word.kind === 'unknown') collector.unclear(`${word.source} of ${call.program} is known only when it runs`);
    else if (collector.request(word, null) || word.text.startsWith('-') === false) continue;
    const value = /^--?[\w-]+=(.+)$/s.exec(word.text)?.[1];
    if (value && /[/.]/.test(value)) collector.path({ ...word, text: value }, 'read', cwds);
  }
  for (const word of args) {
    if (word.kind !== 'unknown' && !word.text.startsWith('-') && /[/]|\.\w+$/.test(word.text))
      collector.path(word, 'read', cwds);
  }
  const [first] = args.filter(({ text }) => !/^-(?!-?(?:version|help)$|[vVh]$)/.test(text));
  const isAlone = args.length === 1;
  const said = first?.kind === 'literal' && Object.hasOwn(tool, first.text) ? tool[first.text] : undefined;
  if (said === 'read' && first?.text.startsWith('-') && !isAlone) return 'execute';
  if (said === 'read' && !args.every((word) => word === first || isQuiet(word)))
    collector.unclear(`options of ${call.program} are not looked into`);
  return said ?? tool['*'] ?? 'unknown';
};

/** `node file`, `python file`, `perl -e …`: the file runs; text on the command line is not looked into. */
const describeInterpreter: Describe = (call) => {
  const { args, collector, cwds, program, input } = call;
  const [first] = args;
  if (args.length === 1 && first && /^(?:--version|-v|-V|--help|-h)$/.test(first.text)) return 'read';
  const script = args.find(({ text }) => !text.startsWith('-'));
  const hasOptions = args.some(
    ({ text }) => text.startsWith('-') && !/^(?:--test|--watch|-u|-B|-W.*|--enable-source-maps)$/.test(text),
  );
  const isModule = (first?.text === '-m' && /^python/.test(program)) || false;
  if (isModule) {
    for (const word of args.slice(2)) if (!word.text.startsWith('-')) collector.path(word, 'read', cwds);
    if (!/^(?:pytest|unittest|mypy|ruff|black|pip|venv|compileall|build|coverage|tox)$/.test(args[1]?.text ?? ''))
      collector.unclear(`what ${program} -m runs is not known`);
    return 'execute';
  }
  if (hasOptions) collector.unclear(`what ${program} is told with options is not looked into`);
  if (script && (!hasOptions || script.text.includes('/'))) collector.path(script, 'execute', cwds);
  if (!script && input.kind !== 'none') collector.unclear(`what ${program} reads as a program is not looked into`);
  if (!script && !hasOptions) collector.unclear(`${program} takes a program from its input`);
  for (const word of args) {
    if (word !== script && !word.text.startsWith('-')) collector.path(word, 'read', cwds);
  }
  return 'execute';
};

const interpreters =
  /^(?:node|nodejs|deno|python[\d.]*|pypy3?|perl|ruby|php|lua[\d.]*|tclsh|Rscript|guile|osascript|julia|elixir|irb|expect|gdb|sqlite3|psql|mysql|ed|ex|vi|vim|nvim|emacs|nano)$/;

export function developerOf(program: string): Describe | null {
  if (interpreters.test(program)) return describeInterpreter;
  const name = (Object.hasOwn(aliases, program) ? aliases[program] : undefined) ?? program;
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  return tool ? (call) => describeTool(tool, call) : null;
}

/** A program that nobody here knows: whatever its words name may be opened. */
export const describeUnknown: Describe = ({ args, collector, cwds }) => {
  for (const word of args) {
    if (word.kind === 'unknown') collector.unclear(`${word.source} is known only when it runs`);
    else if (collector.request(word, null)) continue;
    else if (word.text.startsWith('-')) {
      const value = word.text.includes('=')
        ? word.text.slice(word.text.indexOf('=') + 1)
        : word.text.replace(/^-+\w/, '');
      if (value.includes('/')) collector.path(asWord(value), 'read', cwds);
    } else collector.path(word, 'read', cwds);
  }
  return 'unknown';
};

/** Tools that build, test and install: they run what the project says. Data. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { asWord, type Call, type Describe } from './call.ts';
import { interpreterOf } from './interpreter.ts';
import { runnerOf, runs } from './runner.ts';
import type { Word } from './word.ts';
import { isDangerousVariable } from './wrapper.ts';

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
    'pkg get': 'read',
    'config get': 'read',
    'config list': 'read',
    'config ls': 'read',
    get: 'read',
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
const project: Tool = { ...versions, '*': 'execute' };
const compiler: Tool = { ...short, '*': 'execute' };

const tools: Readonly<Record<string, Tool>> = {
  ...{
    npm: packages,
    pnpm: packages,
    yarn: {
      ...{ ...short, why: 'read', 'config get': 'read', 'config list': 'read', npm: 'network', publish: 'network' },
      '*': 'execute',
    },
    bun: { ...short, publish: 'network', '*': 'execute' },
    npx: { ...short, '*': 'execute' },
    corepack: project,
    pnpx: project,
    bunx: project,
  },
  ...{
    make: { ...versions, '-v': 'read', '*': 'execute' },
    gmake: project,
    cmake: project,
    ninja: project,
    meson: project,
    bazel: project,
    just: project,
    task: project,
    rake: project,
    tox: project,
    nox: project,
  },
  ...{
    pytest: project,
    jest: project,
    vitest: project,
    mocha: project,
    ava: project,
    playwright: project,
    cypress: project,
    rspec: project,
    phpunit: project,
  },
  ...{
    tsc: compiler,
    eslint: compiler,
    prettier: compiler,
    biome: project,
    ruff: project,
    black: project,
    mypy: project,
    pyright: project,
    flake8: project,
    pylint: project,
    isort: project,
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
    rustc: project,
    rustfmt: project,
  },
  go: { ...spoken, env: 'read', list: 'read', doc: 'read', version: 'read', get: 'execute', '*': 'execute' },
  ...{
    gofmt: project,
    gradle: project,
    gradlew: project,
    mvn: project,
    mvnw: project,
    sbt: { '*': 'unknown' },
    dotnet: project,
    swift: project,
    mix: project,
    stack: project,
    cabal: project,
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
      'config list': 'read',
      'config get': 'read',
      index: 'network',
      search: 'network',
      '*': 'execute',
    },
    poetry: project,
    uv: project,
    uvx: project,
    pipenv: project,
    conda: project,
  },
  ...{
    bundle: project,
    gem: project,
    composer: project,
    turbo: project,
    nx: project,
    lerna: project,
    gcc: project,
    cc: project,
    clang: project,
    'g++': project,
    ld: project,
    javac: project,
    java: project,
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
  /^-(?:-?(?:json|long|parseable|all|global|g|a|l|m|r|q|depth(?:=\d+)?|prod|production|omit=\w+|recursive|no-trunc|format(?:=.*)?|filter(?:=.*)?))$/s.test(
    text,
  );

/** Options that give a program or its text, and what else they may be called. */
const tells =
  /^--?(?:(?:.*[-_])?(?:eval|exec|execute|executable|call|cmd|command|shell|wrapper|launcher|runner|linker|under)(?:[-_].*)?|toolexec|vettool|print|init-script|agentpath.*|XX:On.*|D.*exec\..*)(?:=|$)/s;
/** Options that do the same, where they do. */
const tellsMore: Readonly<Record<string, RegExp>> = {
  ...{ bun: /^-[ep]/, mix: /^-e/, rake: /^-[eEpr]/, swift: /^-e/, gradle: /^-I/, just: /^-c/, cargo: /^--config/ },
  ...{ make: /^(?:-E|--ev)/, gmake: /^(?:-E|--ev)/ },
};
/** `CC=x`, `-DCMAKE_C_COMPILER=x`: what the project's rules run. */
const setsProgram = /^(?:-D)?\w*(?:SHELL|COMPILER|LAUNCHER|COMMAND|PROGRAM|MAKE|linker)\w*(?::\w+)?=/;
/** What it reads, where a file is meant: `-`, `/dev/stdin`. */
const isInput = /^(?:-f|--?[\w-]+=|)(?:-|\/dev\/(?:stdin|fd\/\d+))$/;

/** What is told beside the project's own files is not looked into. */
function toldBeside({ program, args, collector, input }: Call): void {
  const more = Object.hasOwn(tellsMore, program) ? tellsMore[program] : undefined;
  for (const { text } of args) {
    const [, name = '', value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    const isProgram =
      setsProgram.test(text) || (name !== '' && (isDangerousVariable(name) || /[`$;&|<>()]/.test(value)));
    if (tells.test(text) || more?.test(text) || isProgram || isInput.test(text))
      collector.unclear(`what ${program} is told with ${text} is not looked into`);
  }
  const readsProgram = input.kind !== 'none' && (args.length === 0 || /^(?:bun|swift|jshell)$/.test(program));
  if (readsProgram) collector.unclear(`what ${program} reads is not looked into`);
}

/** npm and others keep keys among their settings, and programs that they run. */
function settings({ program, args, collector }: Call): void {
  const words = args.filter(({ text }) => !text.startsWith('-')).map(({ text }) => text);
  const at = /^(?:config|c|get|set)$/.test(words[0] ?? '') ? 1 : -1;
  if (at < 0 || !/^(?:npm|pnpm|yarn|pip)$/.test(program)) return;
  const isRead = words[0] === 'get' || /^(?:get|list|ls)$/.test(words[1] ?? '');
  const name = isRead
    ? /auth|token|password|secret|key|cert/i
    : /shell|edit|git|node|browser|view|init|python|registry|proxy|prefix/i;
  if (words.some((word) => name.test(word)))
    collector.unclear(`what ${program} keeps under that name is not looked into`);
}

/** The subcommand, by its first word or by its first two. */
function effectOf(tool: Tool, operands: readonly Word[]): CommandEffect | undefined {
  const [first, second] = operands;
  if (first?.kind !== 'literal') return undefined;
  const both = `${first.text} ${second?.kind === 'literal' ? second.text : ''}`;
  if (Object.hasOwn(tool, both)) return tool[both];
  return Object.hasOwn(tool, first.text) ? tool[first.text] : undefined;
}

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
  settings(call);
  if (runs(call)) return 'execute';
  const operands = args.filter(({ text }) => !/^-(?!-?(?:version|help)$|[vVh]$)/.test(text));
  const [first] = operands;
  const said = effectOf(tool, operands);
  if (said === 'read' && first?.text.startsWith('-') && args.length > 1) return 'execute';
  if (said === 'read' && !args.every((word) => word === first || isQuiet(word)))
    collector.unclear(`options of ${call.program} are not looked into`);
  // Where to is its own affair.
  if (said === 'network') collector.host('*');
  if (said === undefined) toldBeside(call);
  return said ?? tool['*'] ?? 'unknown';
};

export function developerOf(program: string): Describe | null {
  const interpreter = interpreterOf(program) ?? runnerOf(program);
  if (interpreter) return interpreter;
  const name = Object.hasOwn(aliases, program) ? (aliases[program] ?? program) : program;
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

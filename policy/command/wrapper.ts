/** Programs that run another one: where their own options end, by the grammar of each. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import {
  type Arguments,
  asWord,
  type Call,
  type Describe,
  isOneOf,
  type OptionGrammar,
  splitArguments,
} from './call.ts';
import type { Word } from './word.ts';

interface Wrapper extends OptionGrammar {
  /** Letters and long names that are known to be harmless; any other makes it unclear. */
  knows: string;
  knowsLong?: readonly string[];
  /** Operands before the program: a duration, a file. */
  operands?: number;
  /** `A=1` words before the program. */
  takesAssignments?: boolean;
  /** Letters whose value is a file it opens. */
  file?: string;
  effect: CommandEffect;
}

const strict = { isStrict: true } as const;
const same: Wrapper = { ...strict, knows: '', effect: 'execute' };

const wrappers: Readonly<Record<string, Wrapper>> = {
  nohup: same,
  setsid: { ...strict, knows: 'cfw', knowsLong: ['ctty', 'fork', 'wait'], effect: 'execute' },
  nice: {
    ...strict,
    short: 'n',
    long: ['adjustment'],
    knows: 'n0123456789',
    knowsLong: ['adjustment'],
    effect: 'execute',
  },
  ionice: {
    ...strict,
    short: 'cn',
    long: ['class', 'classdata'],
    knows: 'cnt',
    knowsLong: ['class', 'classdata', 'ignore'],
    effect: 'execute',
  },
  timeout: {
    ...strict,
    short: 'ks',
    long: ['kill-after', 'signal'],
    knows: 'ksv',
    knowsLong: ['kill-after', 'signal', 'foreground', 'preserve-status', 'verbose'],
    operands: 1,
    effect: 'execute',
  },
  stdbuf: {
    ...strict,
    short: 'ioe',
    long: ['input', 'output', 'error'],
    knows: 'ioe',
    knowsLong: ['input', 'output', 'error'],
    effect: 'execute',
  },
  time: { ...strict, knows: 'pv', knowsLong: ['portability', 'verbose'], effect: 'execute' },
  command: { ...strict, knows: 'pvV', effect: 'execute' },
  builtin: same,
  exec: { ...strict, short: 'a', knows: 'acl', effect: 'execute' },
  coproc: same,
  chrt: { ...strict, knows: 'bfior', operands: 1, effect: 'execute' },
  taskset: { ...strict, knows: 'c', operands: 1, effect: 'execute' },
  env: {
    ...strict,
    short: 'uCS',
    long: ['unset', 'chdir', 'split-string'],
    knows: 'iu0vCS',
    knowsLong: ['ignore-environment', 'unset', 'null', 'debug', 'chdir', 'split-string'],
    takesAssignments: true,
    effect: 'execute',
  },
  sudo: {
    ...strict,
    short: 'ughpCTrt',
    knows: 'ugnEHkbSpi',
    knowsLong: ['user', 'group', 'non-interactive', 'preserve-env', 'login'],
    long: ['user', 'group'],
    takesAssignments: true,
    effect: 'unknown',
  },
  doas: { ...strict, short: 'uC', knows: 'un', effect: 'unknown' },
  unshare: {
    ...strict,
    knows: 'mnpuirfUC',
    knowsLong: ['mount', 'net', 'pid', 'fork', 'map-root-user', 'user'],
    effect: 'unknown',
  },
  flock: {
    ...strict,
    short: 'wE',
    long: ['timeout', 'wait'],
    knows: 'nsxwEuo',
    knowsLong: ['nonblock', 'shared', 'exclusive', 'timeout', 'wait'],
    operands: 1,
    effect: 'write',
  },
  strace: { ...strict, short: 'eEoOpsSu', knows: 'fcCdhiqrtTvVxysSe', effect: 'unknown' },
  ltrace: { ...strict, short: 'eos', knows: 'fcSe', effect: 'unknown' },
  watch: {
    ...strict,
    short: 'n',
    long: ['interval'],
    knows: 'ndtbegcx',
    knowsLong: ['interval', 'differences', 'no-title', 'exec'],
    effect: 'execute',
  },
  busybox: same,
  toybox: same,
  caffeinate: { ...strict, knows: 'dimsu', effect: 'execute' },
};

function describeWrapper(wrapper: Wrapper, call: Call): CommandEffect {
  const { collector, program } = call;
  const { options, operands } = splitArguments(call.args, wrapper);
  for (const option of options) {
    if (!isOneOf(option, wrapper.knows, wrapper.knowsLong))
      collector.unclear(`${program} -${option.name} is not known`);
  }
  const split = program === 'env' ? options.find((option) => isOneOf(option, 'S', ['split-string'])) : undefined;
  if (split) {
    runSplit(split.value, operands, call);
    return wrapper.effect;
  }
  const rest = afterOwn(wrapper, { options, operands }, call);
  const isShown = (program === 'command' && options.some((option) => isOneOf(option, 'vV'))) || rest.length === 0;
  if (isShown) return rest.length === 0 && wrapper.effect === 'unknown' ? 'unknown' : 'read';
  if (program === 'watch' && !options.some((option) => isOneOf(option, 'x', ['exec']))) {
    joinText(rest, call);
  } else call.run(rest, cwdsOf(options, call));
  return wrapper.effect;
}

/** `env -S 'A=1 b' c` is `env A=1 b c`, as long as no quotes and signs make more of the text. */
function runSplit(text: Word | null, operands: readonly Word[], call: Call): void {
  if (text?.kind !== 'literal') return call.collector.unclear('what env -S runs is known only when it runs');
  if (!/^[\w\s./:=@%+,-]*$/.test(text.text)) call.collector.unclear('how env -S splits its text is not certain');
  const words = text.text.split(/\s+/).filter((word) => word !== '');
  call.run([asWord('env'), ...words.map(asWord), ...operands]);
}

/** What follows the wrapper's own operands and assignments. */
function afterOwn(wrapper: Wrapper, { options, operands }: Arguments, call: Call): Word[] {
  const own = operands.slice(0, wrapper.operands ?? 0);
  if (wrapper === wrappers.flock && own[0]) call.collector.path(own[0], 'write', call.cwds);
  const rest = operands.slice(own.length);
  if (options.some(({ value }) => value?.kind === 'unknown'))
    call.collector.unclear(`an option of ${call.program} is not known`);
  if (!wrapper.takesAssignments) return rest;
  const program = rest.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text));
  for (const word of program < 0 ? rest : rest.slice(0, program)) {
    if (isDangerousVariable(word.text.split('=')[0] ?? ''))
      call.collector.unclear(`${word.source} changes what programs do`);
  }
  return program < 0 ? [] : rest.slice(program);
}

/** `env -C DIR` runs it elsewhere. */
function cwdsOf(options: Arguments['options'], call: Call): { cwds?: null } {
  const moves = call.program === 'env' && options.some((option) => isOneOf(option, 'C', ['chdir']));
  return moves ? { cwds: null } : {};
}

/** Words that their program hands to a shell as one text. */
export function joinText(words: readonly Word[], call: Call): void {
  if (words.some(({ kind }) => kind !== 'literal'))
    call.collector.unclear(`what ${call.program} runs is known only when it runs`);
  else call.runText(words.map(({ text }) => text).join(' '));
}

const dangerous =
  /^(?:LD_.*|DYLD_.*|.*PAGER|GIT_.*|BASH_ENV|ENV|BASHOPTS|SHELLOPTS|BASH_FUNC.*|PROMPT_COMMAND|PS[0-4]|PATH|CDPATH|IFS|HOME|TMPDIR|NODE_OPTIONS|NODE_PATH|PS_PERSONALITY|I_WANT_A_BROKEN_PS|CMD_ENV|NPM_CONFIG_.*|npm_config_.*|PYTHON.*|PERL5.*|PERLLIB|RUBY.*|LESSOPEN|LESSCLOSE|LESS|EDITOR|VISUAL|BROWSER|SHELL|JAVA_TOOL_OPTIONS|CLASSPATH|.*_proxy|.*_PROXY|CURL_HOME|WGETRC|RIPGREP_CONFIG_PATH|GREP_OPTIONS|TAR_OPTIONS|GZIP|CC|CXX|MAKEFLAGS|RUSTC.*|CARGO_.*|SSH_.*|DOCKER_.*|KUBECONFIG|HISTFILE|GLOBIGNORE|POSIXLY_CORRECT|TERMINFO.*)$/;

/** Setting it makes programs do something else than their words say. */
export const isDangerousVariable = (name: string): boolean => dangerous.test(name);

export const wrapperOf = (program: string): Describe | null => {
  const wrapper = Object.hasOwn(wrappers, program) ? wrappers[program] : undefined;
  return wrapper ? (call) => describeWrapper(wrapper, call) : null;
};

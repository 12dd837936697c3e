/** Programs that only read, with the options that make something else of them. Data. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { asWord, type Call, type Describe, isOneOf, type OptionGrammar, splitArguments } from './call.ts';
import type { Word } from './word.ts';

interface Reader extends OptionGrammar {
  /** Operands that come first and are no files: a pattern. */
  skip?: number;
  /** Options that say the pattern: then no operand is one. */
  pattern?: string;
  patternLong?: readonly string[];
  /** Options whose value is a file that is read. */
  file?: string;
  fileLong?: readonly string[];
  /** Options that write, run or change something. */
  risky?: string;
  riskyLong?: readonly string[];
  /** Operands are words, not files. */
  isData?: boolean;
  /** Goes through folders: always, or with one of these letters. */
  tree?: true | string;
  /** Files from this operand on are written. */
  writesFrom?: number;
  /** Long options that make it go through folders. */
  treeLong?: readonly string[];
  /** Long options whose value is no file. */
  words?: readonly string[];
  /** With an operand it sets what it shows without. */
  isAlone?: boolean;
  /** Its options are not looked into. */
  onlyKnows?: boolean;
}

const grep: Reader = {
  ...{ short: 'eABCmdDf', long: ['regexp', 'file', 'max-count', 'include', 'exclude', 'exclude-dir'] },
  ...{
    skip: 1,
    pattern: 'ef',
    patternLong: ['regexp', 'file'],
    file: 'f',
    fileLong: ['file', 'exclude-from'],
    tree: 'rRd',
    treeLong: ['recursive', 'dereference-recursive', 'directories'],
    words: ['include', 'exclude', 'exclude-dir', 'regexp', 'color', 'colour', 'label'],
  },
};
const rg: Reader = {
  ...{ short: 'eABCmgtTfjMrE', long: ['regexp', 'glob', 'iglob', 'type', 'type-not', 'max-count', 'context', 'sort'] },
  ...{
    skip: 1,
    pattern: 'ef',
    patternLong: ['regexp', 'file', 'files', 'type-list'],
    file: 'f',
    fileLong: ['file', 'ignore-file'],
  },
  ...{ tree: true as const, risky: 'z', riskyLong: ['pre', 'pre-glob', 'hostname-bin', 'search-zip'] },
  words: ['regexp', 'glob', 'iglob', 'type', 'type-not', 'replace', 'color', 'colors', 'sort'],
};
const numbered: Reader = { short: 'nc', long: ['lines', 'bytes'] };
const plain: Reader = {};
const words: Reader = { isData: true };

const readers: Readonly<Record<string, Reader>> = {
  ...{ cat: plain, tac: plain, nl: { short: 'bdfhilnsvw' }, head: numbered, tail: { ...numbered, short: 'ncs' } },
  ...{
    wc: { fileLong: ['files0-from'] },
    rev: plain,
    fold: { short: 'w' },
    cut: { short: 'bcdf', long: ['delimiter'] },
  },
  ...{ paste: { short: 'd' }, join: { short: '12aetvjo' }, comm: plain, cmp: plain, column: { short: 'sco' } },
  ...{
    diff: { short: 'UCIxXFLW', file: 'X', tree: true as const },
    expand: { short: 't' },
    unexpand: { short: 't' },
    tsort: plain,
  },
  ...{
    od: { short: 'AjNtS' },
    hexdump: { short: 'ensf', file: 'f' },
    strings: { short: 'nte' },
    xxd: { short: 'cglos', risky: 'r', riskyLong: ['revert'], writesFrom: 1 },
  },
  ...{ md5sum: plain, sha1sum: plain, sha256sum: plain, sha512sum: plain, cksum: plain, b2sum: plain, sum: plain },
  ...{
    base64: { short: 'w' },
    base32: { short: 'w' },
    file: { short: 'mfFPe', file: 'fm', risky: 'Cm', riskyLong: ['compile'] },
  },
  ...{
    stat: { short: 'c', long: ['format', 'printf'], words: ['format', 'printf'] },
    ls: { short: 'IwT', tree: 'R' },
    dir: { short: 'IwT', tree: 'R' },
    vdir: { short: 'IwT' },
  },
  ...{
    du: { short: 'dtBX', file: 'X', tree: true as const },
    df: { short: 'Bt' },
    tree: { short: 'LPIoH', tree: true as const, risky: 'oR', words: ['charset', 'sort'] },
  },
  ...{
    sort: {
      short: 'kStTo',
      long: ['key'],
      risky: 'oT',
      riskyLong: ['output', 'compress-program', 'temporary-directory'],
      fileLong: ['files0-from'],
    },
  },
  ...{ uniq: { short: 'fsw', writesFrom: 1 }, shuf: { short: 'ino', risky: 'o', riskyLong: ['output'] } },
  ...{
    grep,
    egrep: grep,
    fgrep: grep,
    zgrep: grep,
    rg,
    ag: { ...rg, short: 'ABCmGgp', file: 'p', riskyLong: ['pager', 'search-zip', 'path-to-ignore'] },
  },
  ...{ jq: { short: 'fL', long: ['arg', 'argjson'], skip: 1, pattern: 'f', patternLong: ['from-file'], file: 'fL' } },
  ...{
    realpath: plain,
    readlink: plain,
    basename: words,
    dirname: words,
    seq: words,
    echo: words,
    true: words,
    false: words,
  },
  ...{
    ':': words,
    pwd: words,
    whoami: words,
    id: words,
    uname: words,
    arch: words,
    nproc: words,
    uptime: words,
    groups: words,
  },
  ...{
    sleep: words,
    tty: words,
    logname: words,
    free: words,
    locale: words,
    getconf: words,
    hash: { isData: true, risky: 'pdr' },
  },
  ...{ which: words, whereis: words, type: words, tr: words, expr: words, factor: words, numfmt: words, cal: words },
  ...{
    date: { isData: true, short: 'dr', risky: 'sf', riskyLong: ['set', 'file'], file: 'r' },
    printf: { isData: true, risky: 'v' },
  },
  ...{
    test: words,
    '[': words,
    shift: words,
    return: words,
    exit: words,
    break: words,
    continue: words,
  },
  ...{
    hostname: { isData: true, risky: 'bF', riskyLong: ['file', 'boot'], isAlone: true },
  },
  ...{
    cd: words,
    pushd: words,
    popd: words,
    dirs: words,
    tput: words,
    times: words,
    cksfv: plain,
  },
  ...{
    pgrep: words,
    zcat: plain,
    bzcat: plain,
    xzcat: plain,
    cloc: { tree: true as const, onlyKnows: true },
  },
};

/** What looks like a path is one that is asked about. */
function asked(operands: readonly Word[], { collector, cwds }: Call): void {
  for (const word of operands) {
    if (word.kind !== 'unknown' && word.text.includes('/')) collector.path(word, 'list', cwds);
  }
}

const unary = /^-[a-hknoprstuwxzGLNOS]$/;
const binary = /^(?:==?|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/;

/** `-v a[$(x)]` runs x: a word that is not known must stand where it cannot become such an option. */
function isPlainTest(args: readonly Word[]): boolean {
  return args.every(({ kind, text, source }, index) => {
    const [before = '', after = ''] = [args[index - 1]?.text, args[index + 1]?.text];
    if (/^-[vR]$/.test(before) && !/^[A-Za-z_]\w*$/.test(text)) return false;
    if (kind !== 'unknown' || /^\$[?#$!]$/.test(source)) return true;
    return source.startsWith('"') && (unary.test(before) || binary.test(before) || binary.test(after));
  });
}

/** Without a value or an operand these are read from the folder it stands in. */
const readsHere = new Set(['rg', 'ag', 'du', 'tree', 'cloc', 'ls', 'dir', 'vdir']);

function describeReader(reader: Reader, call: Call): CommandEffect {
  const { collector, cwds, program } = call;
  const { options, operands } = splitArguments(call.args, reader);
  const { risky = '', riskyLong = [], file = '', fileLong = [], tree = '' } = reader;
  let effect: CommandEffect = 'read';
  for (const option of options) {
    if (isOneOf(option, risky, riskyLong)) {
      if (option.value?.kind === 'literal') collector.path(option.value, 'write', cwds);
      collector.unclear(`${program} with -${option.name} does more than read`);
      effect = 'unknown';
    }
    if (reader.onlyKnows) collector.unclear(`${program} -${option.name} is not known`);
    const isFile = option.name.length > 1 && !isOneOf(option, '', reader.words ?? []);
    if (option.value && (isFile || isOneOf(option, file, fileLong))) collector.path(option.value, 'read', cwds);
  }
  if (reader.isData) {
    if (program === 'test' || program === '[') {
      asked(operands, call);
      if (!isPlainTest(call.args)) collector.unclear(`what ${program} looks at is not known`);
    }
    const isSetting = operands.some(({ text }) => reader.isAlone || (program === 'date' && !text.startsWith('+')));
    if (isSetting) collector.unclear(`${program} may set what it shows`);
    const isLoose = program !== 'echo' && operands.some(({ kind }) => kind === 'unknown');
    if (isLoose && risky !== '') collector.unclear(`an argument of ${program} is known only when it runs`);
    return effect;
  }
  const hasPattern = options.some((option) => isOneOf(option, reader.pattern ?? '', reader.patternLong ?? []));
  const skip = hasPattern ? 0 : (reader.skip ?? 0);
  const isTree = tree === true || options.some((option) => isOneOf(option, tree, reader.treeLong ?? ['recursive']));
  // An argument that is not known may be an option.
  for (const word of operands.slice(0, skip)) {
    if (word.kind === 'unknown') collector.unclear(`${word.source} may be an option of ${program}`);
  }
  const isFilter = ({ text }: Word) =>
    /\benv\b|ENV|import|include|input_filename/.test(text) && !/^[\w/-]+\.\w+$/.test(text);
  if (program === 'jq' && operands.some(isFilter)) collector.unclear('the filter of jq may read something else');
  const files = operands.slice(skip);
  if (files.some(({ text }) => text.startsWith('@'))) collector.unclear(`${program} may take options from a file`);
  const { writesFrom = Number.POSITIVE_INFINITY } = reader;
  files.forEach((word, index) => {
    if (index >= writesFrom) {
      collector.path(word, 'write', cwds);
      effect = effect === 'read' ? 'write' : effect;
    } else if (isTree) collector.tree(word, cwds);
    else collector.path(word, program === 'ls' ? 'list' : 'read', cwds);
  });
  const isHere = files.length === 0 && (readsHere.has(program) || (isTree && reader.skip !== undefined));
  if (isHere && isTree) collector.tree(asWord('.'), cwds);
  else if (isHere) collector.path(asWord('.'), 'list', cwds);
  return effect;
}

export const readerOf = (program: string): Describe | null => {
  const reader = Object.hasOwn(readers, program) ? readers[program] : undefined;
  return reader ? (call) => describeReader(reader, call) : null;
};

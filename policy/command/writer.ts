/** Programs that change files or processes: which operands, and how. Data. */
import type { CommandEffect, PathEffect } from '#protocol/action-facts.ts';
import { isHarmlessDevice, resolvePath } from '../path.ts';
import { asWord, type Call, type Describe, isOneOf, type OptionGrammar, splitArguments } from './call.ts';
import type { Word } from './word.ts';

interface Writer extends OptionGrammar {
  /** What happens to operands; `copy`: the last is written, the others are read. */
  does: PathEffect | 'copy' | 'move' | 'none';
  /** Operands that come first and are no files: a mode, an owner. */
  skip?: number;
  /** Options whose value is a folder that is written. */
  target?: string;
  targetLong?: readonly string[];
  /** Options that run programs, or reach further. */
  risky?: string;
  riskyLong?: readonly string[];
  /** Options with which it only shows what is in a file. */
  shows?: string;
  showsLong?: readonly string[];
  /** Without operands it shows what it sets with them. */
  showsAlone?: boolean;
}

const copy: Writer = {
  does: 'copy',
  short: 'tS',
  long: ['target-directory', 'suffix'],
  target: 't',
  targetLong: ['target-directory'],
};
const write: Writer = { does: 'write' };
const archive: Writer = {
  does: 'write',
  risky: 'IT',
  riskyLong: [
    'checkpoint-action',
    'to-command',
    'use-compress-program',
    'rsh-command',
    'rmt-command',
    'unzip-command',
    'TT',
    'files-from',
    'info-script',
    'new-volume-script',
  ],
};

const squeeze: Writer = { does: 'write', shows: 'lt', showsLong: ['list', 'test'] };

const writers: Readonly<Record<string, Writer>> = {
  ...{
    rm: { does: 'delete' },
    rmdir: { does: 'delete' },
    unlink: { does: 'delete' },
    shred: { does: 'delete', short: 'ns' },
  },
  ...{ cp: copy, mv: { ...copy, does: 'move' }, ln: copy, install: { ...copy, short: 'tSmgo' }, link: copy },
  ...{
    mkdir: { does: 'write', short: 'm', long: ['mode'] },
    touch: { does: 'write', short: 'drt', long: ['date', 'reference'] },
  },
  ...{ chmod: { does: 'write', skip: 1 }, chown: { does: 'write', skip: 1 }, chgrp: { does: 'write', skip: 1 } },
  ...{
    tee: write,
    truncate: { does: 'write', short: 'sr', long: ['size'] },
    mkfifo: write,
    mktemp: write,
    split: { does: 'write', short: 'abClnt' },
  },
  ...{
    patch: { does: 'write', short: 'pidoFV' },
    gzip: squeeze,
    gunzip: squeeze,
    bzip2: { does: 'write', shows: 't', showsLong: ['test'] },
    xz: squeeze,
    unxz: squeeze,
    zstd: squeeze,
  },
  ...{ zip: archive, unzip: { ...archive, shows: 'lvtZ' }, cpio: archive, '7z': archive },
  ...{
    kill: { does: 'none' },
    pkill: { does: 'none' },
    killall: { does: 'none' },
    umask: { does: 'none', showsAlone: true },
    ulimit: { does: 'none', showsAlone: true },
    renice: { does: 'none' },
  },
};

function describeWriter(writer: Writer, call: Call): CommandEffect {
  const { collector, cwds, program, args } = call;
  const { options, operands } = splitArguments(args, writer);
  const { risky = '', riskyLong = [], target = '', targetLong = [], does, skip = 0 } = writer;
  const isFollowing = program === 'cp' && options.some((option) => isOneOf(option, 'LH', ['dereference']));
  let hasTarget = false;
  for (const option of options) {
    if (isOneOf(option, risky, riskyLong)) collector.unclear(`${program} with -${option.name} runs what it names`);
    if (!option.value) continue;
    const isTarget = isOneOf(option, target, targetLong);
    hasTarget ||= isTarget;
    if (isTarget || option.value.text.includes('/')) collector.path(option.value, 'write', cwds);
  }
  if (program === 'tee' && operands.every(({ kind, text }) => kind === 'literal' && isHarmlessDevice(text)))
    return 'read';
  if (does === 'none') return writer.showsAlone && operands.length === 0 ? 'read' : 'write';
  if (options.some((option) => isOneOf(option, writer.shows ?? '', writer.showsLong))) {
    const [file, ...members] = operands;
    for (const word of program === 'unzip' ? [file] : [file, ...members]) if (word) collector.path(word, 'read', cwds);
    return 'read';
  }
  // What they write is said by another file.
  if (/^(?:patch|tar|bsdtar|unzip|cpio|7z)$/.test(program)) collector.below(cwds);
  const files = operands.slice(skip);
  if (program === 'ln' && options.some((option) => isOneOf(option, 's', ['symbolic']))) linkTo(files, call);
  files.forEach((word, index) => {
    const isLast = index === files.length - 1 && !hasTarget && files.length > 1;
    if (does === 'copy' || does === 'move') {
      if (isLast) collector.path(word, 'write', cwds);
      else if (does === 'move') collector.path(word, 'delete', cwds);
      else collector.tree(word, cwds, isFollowing);
    } else collector.path(word, does, cwds);
  });
  return 'write';
}

/** What a symbolic link says counts from the folder that the link is in. */
function linkTo(files: readonly Word[], { collector, cwds }: Call): void {
  const link = files.length > 1 ? files.at(-1) : undefined;
  if (!link || cwds === null) return;
  if (link.kind !== 'literal')
    return collector.unclear(`where the link ${link.source} lies is known only when it runs`);
  const folders = cwds.flatMap((cwd) => [resolvePath(cwd, link.text), resolvePath(cwd, `${link.text}/..`)]);
  for (const word of files.slice(0, -1)) collector.tree(word, [...new Set(folders)]);
}

/** `if=` and `of=` are what `dd` opens. */
const describeDd: Describe = ({ args, collector, cwds }) => {
  for (const word of args) {
    const match = /^(if|of)=(.*)$/s.exec(word.text);
    if (word.kind === 'unknown') collector.unclear(`${word.source} of dd is known only when it runs`);
    else if (match) collector.path({ ...word, text: match[2] ?? '' }, match[1] === 'of' ? 'write' : 'read', cwds);
  }
  return 'write';
};

/** `tar tzf x.tgz`, `tar -tf x.tar`, `tar --list --file=x`: which files are in it, nothing else. Null: it is another use. */
function listedBy(args: readonly Word[]): { file: Word | null } | null {
  const [first, ...rest] = args;
  const bundle = /^-?([tvzjJ]*t[vzjJ]*f?|[vzjJ]*f[vzjJ]*t[vzjJ]*)$/.exec(
    first?.kind === 'literal' ? first.text : '',
  )?.[1];
  if (bundle !== undefined && (bundle.endsWith('f') || !bundle.includes('f')))
    return rest.slice(1).some(({ text }) => text.startsWith('-'))
      ? null
      : { file: bundle.includes('f') ? (rest[0] ?? null) : null };
  const long = args.map(({ text }) => text);
  const file = /^--file=(.+)$/s.exec(long.find((text) => text.startsWith('--file=')) ?? '')?.[1];
  const isListing = long.length === 2 && long.includes('--list') && file !== undefined;
  return isListing ? { file: asWord(file) } : null;
}

const describeTar: Describe = (call) => {
  const listed = listedBy(call.args);
  if (!listed) return describeWriter(archive, call);
  // A colon is another machine's.
  if (listed.file?.text.includes(':')) call.collector.unclear('tar may speak to another machine');
  if (listed.file) call.collector.path(listed.file, 'read', call.cwds);
  return 'read';
};

export function writerOf(program: string): Describe | null {
  if (program === 'dd') return describeDd;
  if (program === 'tar' || program === 'bsdtar') return describeTar;
  const writer = Object.hasOwn(writers, program) ? writers[program] : undefined;
  return writer ? (call) => describeWriter(writer, call) : null;
}

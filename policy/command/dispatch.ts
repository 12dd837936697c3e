/** A program with its words: found in the tables, described, and whatever it runs with it. */
import type { CommandEffect, CommandFact } from '#protocol/action-facts.ts';
import { resolvePath } from '../path.ts';
import type { Call, Describe, Input } from './call.ts';
import type { Collector } from './collector.ts';
import { describeUnknown, developerOf } from './developer.ts';
import { describeGit } from './git.ts';
import { networkOf } from './network.ts';
import { readerOf } from './reader.ts';
import { runsPackages } from './runner.ts';
import { specialOf } from './special.ts';
import type { Word } from './word.ts';
import { wrapperOf } from './wrapper.ts';
import { writerOf } from './writer.ts';

/** Commands that run commands that run commands …: deeper ones are not looked at. */
export const maxDepth = 8;

export interface Running {
  words: readonly Word[];
  input: Input;
  cwds: readonly string[] | null;
  /** Programs that run it, outermost first. */
  via: readonly string[];
  /** Some of its words are not known: it may get more. */
  hasTail?: boolean;
  /** A redirection writes a file. */
  isWriting?: boolean;
}

export interface Dispatcher {
  collector: Collector;
  /** Walks text that a shell gets. */
  walkText(text: string, running: Pick<Running, 'cwds' | 'via'>): void;
}

const find = (program: string): Describe =>
  (program === 'git' ? describeGit : null) ??
  specialOf(program) ??
  wrapperOf(program) ??
  readerOf(program) ??
  writerOf(program) ??
  networkOf(program) ??
  developerOf(program) ??
  describeUnknown;

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Whatever words they get, they open nothing. */
const onlyPrints = new Set(['echo', 'basename', 'dirname', 'true', 'false']);

/** States one command, and those that it runs. */
export function dispatch(running: Running, dispatcher: Dispatcher): void {
  const { words, via, cwds, input } = running;
  const { collector } = dispatcher;
  const [first, ...args] = words;
  if (!first) return;
  const isKnown = first.kind === 'literal' && /^[\w@%+=:,./[\]-]+$/.test(first.text);
  const program = isKnown ? baseName(first.text) : '';
  const fact: CommandFact = {
    program,
    argv: words.map(({ text }) => text),
    unknown: words.flatMap(({ kind }, index) => (kind === 'literal' ? [] : [index])),
    effect: 'unknown',
    cwd: cwds?.length === 1 ? (cwds[0] ?? null) : null,
    via: [...via],
  };
  collector.command(fact);
  if (!isKnown) collector.unclear(`which program ${first.source} is is not known before it runs`);
  if (via.length >= maxDepth) return collector.unclear('commands run commands too deeply');
  if (running.hasTail && !onlyPrints.has(program))
    collector.unclear(`${program || first.source} gets further words that are not known`);
  const call: Call = {
    ...{ program, args, input, cwds, collector },
    run: (inner, how = {}) =>
      dispatch(
        {
          words: inner,
          input,
          via: [...via, program],
          cwds: how.cwds === undefined ? cwds : how.cwds,
          hasTail: how.tail ?? false,
        },
        dispatcher,
      ),
    runText: (text) => dispatcher.walkText(text, { cwds, via: [...via, program] }),
  };
  fact.effect = withPlace(describedBy(call, isKnown, via.at(-1) ?? ''), first, call, running.isWriting ?? false);
}

/** To them a word that is no option of theirs is a program, a file or a text. */
const runsWords = new Set(['eval', 'exec', 'command', 'builtin', 'source', '.', 'busybox', 'toybox', 'coproc', 'env']);

function describedBy(call: Call, isKnown: boolean, by: string): CommandEffect {
  const isAsked = call.args.length === 1 && /^--(?:version|help)$/.test(call.args[0]?.text ?? '');
  const found = isKnown ? find(call.program) : describeUnknown;
  if (isAsked && found !== describeUnknown && !runsWords.has(call.program)) return 'read';
  const effect = found(call);
  // What a project depends on is run by its own tools: it does what the project says.
  return isKnown && found === describeUnknown && runsPackages(by) ? 'execute' : effect;
}

/** A program named by its path may be anything that is there; what it prints may be kept in a file. */
function withPlace(effect: CommandEffect, first: Word, { collector, cwds }: Call, isWriting: boolean): CommandEffect {
  if (isWriting && effect === 'read') return 'write';
  if (!first.text.includes('/') || first.kind === 'unknown') return effect;
  if (/^\/(?:usr\/(?:local\/)?)?s?bin\/[\w.+-]+$/.test(first.text)) return effect;
  collector.path(first, 'execute', cwds);
  const folders = cwds ?? [];
  const isOutside =
    !first.text.startsWith('/') &&
    folders.some((cwd) => !resolvePath(cwd, first.text).startsWith(collector.place.base));
  if (isOutside) collector.unclear(`${first.text} is a program of another folder`);
  return 'execute';
}

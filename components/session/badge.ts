/** What a session's badge says: the state as a verb, why, and since when. Pure; knows no colours and no clock. */

import { formatAge, formatElapsed, formatNoun } from '#components/ui/format.ts';
import { type Phrase, phraseText } from '#components/ui/phrase.ts';
import { actionText } from '#protocol/action-text.ts';
import { attentionFor } from '#protocol/status.ts';
import { visibleLine } from '#protocol/visible-text.ts';
import { isOpenTerminal, type SessionView, type TerminalView } from './session-facts.ts';

/** What a state asks of people; each has one hue and one shape of mark. */
export type Need = 'needs' | 'working' | 'idle' | 'done' | 'problem';

export interface Badge {
  need: Need;
  /** One word, capitalised: "Running". */
  verb: string;
  /** Why and since when, never empty. */
  why: Phrase;
  /** The whole badge in words: "Working: running `htop`, 14 s". */
  label: string;
}

const needWords: Record<Need, string> = {
  needs: 'Needs you',
  working: 'Working',
  idle: 'Idle',
  done: 'Done',
  problem: 'Needs you',
};

function badge(need: Need, verb: string, why: Phrase): Badge {
  return { need, verb, why, label: `${needWords[need]}: ${verb.toLowerCase()}, ${phraseText(why)}` };
}

/** ISO time to elapsed ms at `now`; clocks of two machines differ, so never negative. */
const elapsed = (at: string, now: number): number => Math.max(0, now - Date.parse(at));

const ago = (at: string, now: number): string => {
  const age = formatAge(elapsed(at, now));
  return age === 'now' ? 'just now' : `${age} ago`;
};

/** A command as a person would type it; blanks inside one argument are kept visible by quotes. */
export const commandText = (command: readonly string[]): string =>
  command.map((word) => (/^[^\s'"]+$/.test(word) ? word : JSON.stringify(word))).join(' ');

/** An agent's own terminal is not a program that works: its turns say what it does. */
const isProgram = ({ turns }: SessionView, { name, command }: TerminalView): boolean =>
  command !== null && !turns.agents.some((agent) => agent.name === name);

function running(view: SessionView, open: TerminalView[], now: number): Badge {
  const { turn } = view.turns;
  if (turn) return badge('working', 'Working', [`${view.reason}, ${formatElapsed(elapsed(turn.startedAt, now))}`]);
  const program = open.findLast((terminal) => isProgram(view, terminal));
  if (!program?.command)
    return badge('working', 'Working', [`${view.reason}, ${formatElapsed(elapsed(view.statusSince, now))}`]);
  const since = `, ${formatElapsed(elapsed(program.openedAt, now))}`;
  const more = open.filter((terminal) => isProgram(view, terminal)).length - 1;
  const others = more > 0 ? `, and ${formatNoun(more, 'more program')}` : '';
  return badge('working', 'Running', [{ code: commandText(program.command) }, since + others]);
}

function ready(view: SessionView, open: TerminalView[], now: number): Badge {
  if (open.length === 0 || view.turns.agents.length > 0)
    return badge('idle', 'Ready', [`${view.reason}, ${ago(view.statusSince, now)}`]);
  const driven = open.find((terminal) => terminal.driver !== null);
  const driver = view.members.find((member) => member.personId === driven?.driver);
  if (driven?.drivenSince && driver) {
    return badge('idle', 'Ready', [
      `${driver.name} drives `,
      { code: driven.name },
      `, ${formatAge(Math.max(1_000, elapsed(driven.drivenSince, now)))}`,
    ]);
  }
  return badge('idle', 'Ready', [`${view.reason}, nobody drives, ${formatAge(elapsed(view.statusSince, now))}`]);
}

function ended(view: SessionView, now: number): Badge {
  const when = ago(view.statusSince, now);
  switch (view.checkoutState) {
    case 'merged':
      return badge('done', 'Merged', [`all work is saved elsewhere, checkout removed ${when}`]);
    case 'unchanged':
      return badge('done', 'Ended', [`nothing had changed, checkout removed ${when}`]);
    case 'discarded':
      return badge('done', 'Ended', [`checkout discarded ${when}`]);
    case 'missing':
      return badge('done', 'Ended', [`checkout was already gone, ${when}`]);
    case 'kept':
      return badge('done', 'Ended', [`checkout kept, ${when}`]);
    case 'pending':
    case 'present':
      return badge('done', 'Ended', [`${view.reason}, ${when}`]);
  }
}

/** What is asked first, to the letter. */
function waiting(view: SessionView, now: number): Badge {
  const asked = view.turns.actions.find(({ approval }) => approval?.decided === null);
  if (!asked?.approval)
    return badge('needs', 'Waiting', [`${view.reason}, ${formatElapsed(elapsed(view.statusSince, now))}`]);
  const { command, paths, at } = asked.approval;
  const code = visibleLine(actionText({ tool: asked.tool, command, paths }));
  return badge('needs', 'Approve', [{ code }, `, ${formatElapsed(elapsed(at, now))}`]);
}

/** The badge of a session at `now` (ms since the epoch). */
export function badgeFor(view: SessionView, now: number): Badge {
  const open = view.terminals.filter(isOpenTerminal);
  const since = `${view.reason}, ${ago(view.statusSince, now)}`;
  switch (view.status) {
    case 'starting':
      return badge('working', 'Starting', [`${view.reason}, ${formatElapsed(elapsed(view.statusSince, now))}`]);
    case 'working':
      return running(view, open, now);
    case 'waiting':
      return waiting(view, now);
    case 'idle':
      return ready(view, open, now);
    case 'paused':
      // The verb says it already.
      return badge(attentionFor(view) === 'needs' ? 'needs' : 'idle', 'Paused', [since.replace(/^paused /, '')]);
    case 'unreachable':
      return badge('problem', 'Unreachable', [
        `${view.reason}${view.frozen ? ', paused' : ''}, last seen ${ago(view.statusSince, now)}`,
      ]);
    case 'interrupted':
      return badge('problem', 'Interrupted', [since]);
    case 'failed':
      return badge('problem', 'Failed', [since]);
    case 'ended':
      return ended(view, now);
  }
}

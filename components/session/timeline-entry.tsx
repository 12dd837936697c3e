/** One entry of a timeline: whose it is, and its lines. */
import {
  Bot,
  ChevronRight,
  Cpu,
  FolderGit2,
  History,
  type LucideIcon,
  Server,
  ShieldCheck,
  ShipWheel,
  SquareTerminal,
  UserRound,
} from 'lucide-react';
import { useState } from 'react';
import { Avatar } from '#components/person/avatar.tsx';
import { toneOf } from '#components/person/tone.ts';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock, formatNoun } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import type { LineSubject } from './event-sentence.ts';
import { type Entry, foldLines, type Line } from './timeline.ts';

const icons: Record<LineSubject, LucideIcon> = {
  session: History,
  runner: Server,
  checkout: FolderGit2,
  terminal: SquareTerminal,
  driver: ShipWheel,
  person: UserRound,
  model: Cpu,
  agent: Bot,
  action: ShieldCheck,
};
const tones: Record<Line['tone'], string> = { plain: '', needs: 'text-needs', problem: 'text-problem' };

export interface TimelineEntryProps {
  entry: Entry;
  members: readonly string[];
  me: string | null;
  now: number;
}

export function TimelineEntry({ entry, members, me, now }: TimelineEntryProps) {
  const { person } = entry;
  const [first, ...rest] = foldLines(entry.lines);
  const beside = person !== null && first && !('folded' in first) ? first : null;
  const below = beside ? rest : foldLines(entry.lines);
  return (
    <li className="py-1">
      {person && (
        <div className="flex min-h-5 items-start gap-2">
          <Avatar name={person.name} tone={toneOf(person.id, members, me)} size={18} isSilent className="mt-px" />
          <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
            <span className="font-medium">{person.name}</span>{' '}
            {beside && (
              <span className={tones[beside.tone]}>
                <PhraseText phrase={beside.text} />
              </span>
            )}
          </p>
          <Clock at={entry.at} now={now} />
        </div>
      )}
      {beside && <Notes notes={beside.notes} isIndented />}
      <ul>
        {below.map((line) =>
          'folded' in line ? (
            <FoldedLines key={line.folded[0]?.seq} lines={line.folded} isUnderName={person !== null} now={now} />
          ) : (
            <TimelineLine key={line.seq} line={line} isUnderName={person !== null} now={now} />
          ),
        )}
      </ul>
    </li>
  );
}

function Notes({ notes, isIndented }: { notes: readonly string[]; isIndented: boolean }) {
  return notes.map((note) => (
    <p key={note} className={classNames('text-ink-3 text-xs [overflow-wrap:anywhere]', isIndented && 'pl-[26px]')}>
      <ExactText text={note} />
    </p>
  ));
}

function Clock({ at, now }: { at: string; now: number }) {
  return (
    <time dateTime={at} className="num flex-none text-ink-3 text-xs">
      {now === 0 ? '' : formatClock(at, now)}
    </time>
  );
}

function TimelineLine({ line, isUnderName, now }: { line: Line; isUnderName: boolean; now: number }) {
  return (
    <li className={classNames('py-0.5', isUnderName && 'pl-[26px]')}>
      <p
        className={classNames(
          'flex items-start gap-2',
          tones[line.tone],
          line.tone === 'plain' && !isUnderName && 'text-ink-2',
        )}
      >
        {!isUnderName && (
          <span
            className={classNames(
              'flex h-[18px] w-[18px] flex-none items-center justify-center',
              line.tone === 'plain' && 'text-ink-3',
            )}
          >
            <Icon icon={icons[line.subject]} size={13} />
          </span>
        )}
        <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
          <PhraseText phrase={line.text} />
        </span>
        {!isUnderName && <Clock at={line.at} now={now} />}
      </p>
      <Notes notes={line.notes} isIndented={!isUnderName} />
    </li>
  );
}

function FoldedLines({ lines, isUnderName, now }: { lines: readonly Line[]; isUnderName: boolean; now: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className={classNames(
          'flex min-h-6 w-full items-center gap-1.5 rounded-1 text-ink-2 hover:text-ink max-wide:min-h-11',
          isUnderName && 'pl-[24px]',
        )}
      >
        <Icon
          icon={ChevronRight}
          size={12}
          className={classNames('text-ink-3 transition-[rotate] duration-(--fast)', isOpen && 'rotate-90')}
        />
        {formatNoun(lines.length, 'change of driver', 'changes of driver')}
      </button>
      {isOpen && (
        <ul>
          {lines.map((line) => (
            <TimelineLine key={line.seq} line={line} isUnderName={isUnderName} now={now} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** What stands around the items of a turn: its rule, who asked what, who answers, what it was told, how it ended. */
import { CornerDownRight, FileDiff } from 'lucide-react';
import { useState } from 'react';
import { Avatar } from '#components/person/avatar.tsx';
import { toneOf } from '#components/person/tone.ts';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock, formatDuration, formatElapsed, formatNoun, formatTokens } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { useNow } from '#components/ui/use-now.ts';
import { FoldButton } from './fold-button.tsx';
import { TerminalMark } from './terminal-mark.tsx';
import type { EndRow, PromptRow, SpeakerRow, TurnRow } from './timeline-row.ts';

/** `before`: turns that started before the first event that is known. */
export function TurnRule({ row, before }: { row: TurnRow; before: number }) {
  const now = useNow(row.endedAt === null ? 'fine' : 'still');
  const end = row.endedAt === null ? now : Date.parse(row.endedAt);
  const facts = [
    ...(end > 0 ? [(row.endedAt === null ? formatElapsed : formatDuration)(end - Date.parse(row.startedAt))] : []),
    ...(row.tokens > 0
      ? [`${row.isUndercounted ? 'at least ' : ''}${formatTokens(row.tokens)} ${row.tokens === 1 ? 'token' : 'tokens'}`]
      : []),
  ];
  return (
    <div className="mt-3 flex items-center justify-between border-line border-t pt-2 pb-1 text-ink-3 text-xs">
      <span>Turn {before + row.number}</span>
      <span className="num">{facts.join(', ')}</span>
    </div>
  );
}

export interface PeopleNames {
  names: ReadonlyMap<string, string>;
  members: readonly string[];
  me: string | null;
}

export function Prompt({ row, people }: { row: PromptRow; people: PeopleNames }) {
  const now = useNow('coarse');
  if (row.text === null) return <p className="py-1.5 pl-[26px] text-ink-3">What was asked is among the older events</p>;
  const name = people.names.get(row.by) ?? 'Someone';
  return (
    <div className="py-1.5">
      <p className="flex items-center gap-2">
        <Avatar name={name} tone={toneOf(row.by, people.members, people.me)} size={18} isSilent />
        <span className="font-medium">{name}</span>
        <span className="min-w-0 flex-1 truncate text-ink-3">
          {row.isSteering ? 'steered mid-turn' : 'to '}
          {!row.isSteering && <span className="text-accent">@{row.agent}</span>}
        </span>
        <time dateTime={row.at} className="num flex-none text-ink-3 text-xs">
          {now === 0 ? '' : formatClock(row.at, now)}
        </time>
      </p>
      <PromptText text={row.text} />
    </div>
  );
}

/** A prompt is shown up to here, in lines of about 100 characters. */
const shownLines = 16;

function PromptText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const lines = text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / 100), 0);
  const isLong = lines > shownLines + 4;
  return (
    <div className="pl-[26px] text-md">
      <p
        className={classNames(
          'whitespace-pre-wrap leading-(--leading-prose) [overflow-wrap:anywhere]',
          isLong && !isWhole && 'line-clamp-[16]',
        )}
      >
        {isLong && !isWhole ? text.slice(0, shownLines * 400) : text}
      </p>
      {isLong && (
        <button
          type="button"
          onClick={() => setWhole(!isWhole)}
          className="rounded-1 text-accent text-xs hover:underline max-wide:min-h-11"
        >
          {isWhole ? 'Show less' : 'Show all of it'}
        </button>
      )}
    </div>
  );
}

export function Speaker({ row }: { row: SpeakerRow }) {
  const now = useNow('coarse');
  return (
    <p className="flex items-center gap-2 pt-1.5">
      <TerminalMark name={row.agent} />
      <span className="font-medium">{row.agent}</span>
      <span className="min-w-0 flex-1 truncate text-ink-3">
        {row.harness}
        {row.model !== null && `, ${row.model}`}
      </span>
      <time dateTime={row.at} className="num flex-none text-ink-3 text-xs">
        {now === 0 ? '' : formatClock(row.at, now)}
      </time>
    </p>
  );
}

export function HandOver({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="pl-[26px]">
      <FoldButton icon={CornerDownRight} isOpen={isOpen} onClick={() => setOpen(!isOpen)}>
        Told what was done before
      </FoldButton>
      {isOpen && (
        <pre className="mono-xs mb-1 max-h-96 overflow-auto whitespace-pre-wrap rounded-2 bg-well px-3 py-2 [overflow-wrap:anywhere]">
          {text}
        </pre>
      )}
    </div>
  );
}

const shownFiles = 12;
export const signs = { added: 'A', modified: 'M', deleted: 'D' } as const;

const endings: Record<EndRow['status'], string> = {
  completed: '',
  failed: 'Failed',
  interrupted: 'Interrupted',
  denied: 'Denied',
  'over-budget': 'Stopped, over budget',
};

export function TurnEnd({ row }: { row: EndRow }) {
  const { status, reason, files } = row;
  if (status === 'completed' && files.length === 0) return <div className="h-1" />;
  return (
    <div className="flex flex-col gap-1 py-1 pl-[26px]">
      {status !== 'completed' && (
        <p className={status === 'interrupted' ? 'text-ink-2' : 'text-problem'}>
          <span className="font-medium">{endings[status]}</span>
          {reason !== null && <ExactText text={`: ${reason}`} />}
        </p>
      )}
      {files.length > 0 && (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-ink-2 text-xs">
          <span className="flex items-center gap-1.5">
            <Icon icon={FileDiff} size={13} className="text-ink-3" />
            {formatNoun(files.length, 'file')}
          </span>
          {files.slice(0, shownFiles).map(({ path, change }) => (
            <span key={path} className="mono-xs">
              <span className="text-ink-3">{signs[change]}</span> <ExactText text={path} />
            </span>
          ))}
          {files.length > shownFiles && <span className="num">and {files.length - shownFiles} more</span>}
        </p>
      )}
    </div>
  );
}

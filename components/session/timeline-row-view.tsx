/** Draws one row of a timeline, whichever it is. */
import { memo } from 'react';
import { useNow } from '#components/ui/use-now.ts';
import type { Names } from './event-names.ts';
import { ItemRow } from './item-row.tsx';
import { Surprise } from './surprise-row.tsx';
import { dayLabel, timelineOf } from './timeline.ts';
import { TimelineEntry } from './timeline-entry.tsx';
import type { Row } from './timeline-row.ts';
import { HandOver, type PeopleNames, Prompt, Speaker, TurnEnd, TurnRule } from './turn-row.tsx';

export interface RowViewProps {
  row: Row;
  names: Names;
  people: PeopleNames;
  /** Turns that started before the first row. */
  turnsBefore: number;
}

export const RowView = memo(function RowView({ row, names, people, turnsBefore }: RowViewProps) {
  const now = useNow('coarse');
  switch (row.kind) {
    case 'day':
      return (
        <p className="mt-2 pt-1 pb-1 text-2xs text-ink-3">
          {now === 0 ? '' : dayLabel(new Date(row.at), new Date(now))}
        </p>
      );
    case 'turn':
      return <TurnRule row={row} before={turnsBefore} />;
    case 'prompt':
      return <Prompt row={row} people={people} />;
    case 'speaker':
      return <Speaker row={row} />;
    case 'handover':
      return <HandOver text={row.text} />;
    case 'item':
      return <ItemRow row={row} names={names.people} />;
    case 'surprise':
      return <Surprise row={row} />;
    case 'end':
      return <TurnEnd row={row} />;
    case 'plain':
      return (
        <ol>
          {timelineOf(row.events, names, now).flatMap((block) =>
            block.kind === 'day'
              ? []
              : [<TimelineEntry key={block.key} entry={block} members={people.members} me={people.me} now={now} />],
          )}
        </ol>
      );
  }
});

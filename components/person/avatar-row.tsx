/** A few people side by side, and how many more there are. */
import { formatList } from '#components/ui/format.ts';
import { Avatar } from './avatar.tsx';
import { toneOf } from './tone.ts';

export interface RowPerson {
  id: string;
  name: string;
  isAway?: boolean;
  isDriver?: boolean;
}

export interface AvatarRowProps {
  people: readonly RowPerson[];
  /** Ids in join order: decides the colours. */
  members: readonly string[];
  me: string | null;
  most?: number;
}

export function AvatarRow({ people, members, me, most = 4 }: AvatarRowProps) {
  if (people.length === 0) return <span className="text-ink-3">nobody</span>;
  const shown = people.length > most ? people.slice(0, most - 1) : people;
  const rest = people.slice(shown.length);
  return (
    <span className="inline-flex items-center gap-[3px]">
      {shown.map((person) => (
        <Avatar
          key={person.id}
          name={person.name}
          tone={toneOf(person.id, members, me)}
          isAway={person.isAway ?? false}
          isDriver={person.isDriver ?? false}
          className={person.isDriver ? 'mx-[3px] first:ml-0.5' : ''}
        />
      ))}
      {rest.length > 0 && (
        <span
          role="img"
          aria-label={formatList(rest.map((person) => person.name))}
          className="num pl-0.5 text-ink-3 text-xs"
        >
          +{rest.length}
        </span>
      )}
    </span>
  );
}

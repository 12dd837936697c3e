/** Who drives a terminal and who only watches; the way to the wheel and away from it. */
import { Eye, ShipWheel } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Avatar } from '#components/person/avatar.tsx';
import { toneOf } from '#components/person/tone.ts';
import { localCap } from '#components/shell/shortcut.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatAge } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { PersonId } from '#protocol/id.ts';
import { isAtLeast } from '#protocol/role.ts';
import { closedWords, silenceOf, watcherWords, wheelOf } from './seat-words.ts';
import type { Seat, SocketState } from './terminal-socket.ts';

export interface DriverBarProps {
  state: SocketState;
  /** Ids of the session's people in join order. */
  members: readonly string[];
  onTake: () => void;
  onRequest: () => void;
  onGive: (to: PersonId | null) => void;
  onRetry: () => void;
  children?: React.ReactNode;
}

const refusalShownMs = 2_000;

/** The refusal while it is news. */
function useRecent(refusal: SocketState['refusal']): string | null {
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    if (!refusal) return;
    setShown(refusal.why);
    const timer = setTimeout(() => setShown(null), refusalShownMs);
    return () => clearTimeout(timer);
  }, [refusal]);
  return shown;
}

export function DriverBar({ state, children, ...props }: DriverBarProps) {
  const { seat } = state;
  const refusal = useRecent(state.refusal);
  const silence = silenceOf(state);
  const isMine = seat?.closed === null && wheelOf(seat).kind === 'you' && silence === null;
  return (
    <div
      className={classNames(
        '@container flex h-(--h-bar) flex-none items-center gap-3 whitespace-nowrap border-line border-b pr-2 pl-3 max-wide:h-13',
        isMine ? 'bg-accent-tint' : 'bg-surface',
      )}
    >
      <div className="flex min-w-0 flex-1 items-center gap-3" role="status" aria-live="polite">
        {refusal !== null ? (
          <span className="flex min-w-0 items-center gap-2 font-medium text-needs">
            <span className="mark mark-needs [--mark-ground:var(--needs-tint)]" aria-hidden="true" />
            <span className="truncate">{refusal}</span>
          </span>
        ) : (
          <Words seat={seat} silence={silence} members={props.members} />
        )}
      </div>
      {seat && !seat.closed && (
        <span className="num mono-xs flex-none text-ink-3 max-wide:hidden">
          {seat.cols} × {seat.rows}
        </span>
      )}
      {state.link.kind === 'waiting' && (
        <Button size="small" onClick={props.onRetry}>
          Retry now
        </Button>
      )}
      {seat && !seat.closed && silence === null && <WheelButtons seat={seat} {...props} />}
      {children}
    </div>
  );
}

function Words({ seat, silence, members }: { seat: Seat | null; silence: string | null; members: readonly string[] }) {
  if (seat?.closed) {
    return <span className="truncate text-ink-2">{closedWords(seat.closed)}, last screen</span>;
  }
  if (silence !== null || seat === null) {
    return (
      <span className="flex min-w-0 items-center gap-2 text-ink-2">
        <span
          className={classNames('mark', seat?.isLive === false ? 'mark-idle' : 'mark-working')}
          aria-hidden="true"
        />
        <span className="truncate">{silence ?? 'Connecting'}</span>
      </span>
    );
  }
  return <SeatWords seat={seat} members={members} />;
}

function SeatWords({ seat, members }: { seat: Seat; members: readonly string[] }) {
  const wheel = wheelOf(seat);
  const watchers = watcherWords(seat);
  const request = wheel.kind === 'you' ? seat.requests[0] : undefined;
  return (
    <>
      {wheel.kind === 'nobody' ? (
        <span className="flex min-w-0 items-center gap-2 text-ink-2">
          <Icon icon={ShipWheel} className="text-ink-3" />
          <span className="truncate">
            <span className="font-medium text-ink">Nobody drives</span>
            {isAtLeast(seat.you.role, 'editor') && <span className="@max-md:hidden">, type to take the wheel</span>}
          </span>
        </span>
      ) : (
        <span className="flex min-w-0 items-center gap-2">
          <Avatar
            name={wheel.kind === 'you' ? seat.you.name : wheel.name}
            tone={wheel.kind === 'you' ? 'me' : toneOf(wheel.personId, members, seat.you.personId)}
            size={18}
            isSilent
          />
          <span className="min-w-0 truncate">
            <span className="font-medium">{wheel.kind === 'you' ? 'You drive' : wheel.name}</span>
            {wheel.kind === 'other' && ' drives'} <Elapsed since={wheel.since} />
          </span>
        </span>
      )}
      {request ? (
        <span className="min-w-0 truncate font-medium text-needs">{request.name} asks for the wheel</span>
      ) : (
        watchers && (
          <span className="flex min-w-0 items-center gap-2 border-line-strong border-l pl-3 text-ink-2 @max-xl:hidden">
            <Icon icon={Eye} className="text-ink-3" />
            <span className="truncate">{watchers}</span>
          </span>
        )
      )}
    </>
  );
}

function Elapsed({ since }: { since: string }) {
  const now = useNow('fine');
  return (
    <span className="num text-ink-3 @max-sm:hidden">for {formatAge(Math.max(1_000, now - Date.parse(since)))}</span>
  );
}

type WheelProps = Pick<DriverBarProps, 'members' | 'onTake' | 'onRequest' | 'onGive'> & { seat: Seat };

function WheelButtons({ seat, members, onTake, onRequest, onGive }: WheelProps) {
  const isMac = useIsMac();
  const wheel = wheelOf(seat);
  if (!isAtLeast(seat.you.role, 'editor')) {
    return wheel.kind === 'you' ? null : <span className="text-ink-3 text-xs">you watch as {seat.you.role}</span>;
  }
  switch (wheel.kind) {
    case 'nobody':
      return (
        <Button size="small" onClick={onTake}>
          Drive
        </Button>
      );
    case 'other': {
      const hasAsked = seat.requests.some((person) => person.personId === seat.you.personId);
      return (
        <>
          <Button
            size="small"
            className="max-wide:hidden"
            onClick={onRequest}
            disabled={hasAsked}
            cap={hasAsked ? undefined : localCap('⌥R', isMac)}
          >
            {hasAsked ? 'Asked' : 'Request'}
          </Button>
          <Button size="small" onClick={onTake} cap={localCap('⌥T', isMac)}>
            Take over
          </Button>
        </>
      );
    }
    case 'you':
      return <HandOver seat={seat} members={members} onGive={onGive} />;
  }
}

function HandOver({ seat, members, onGive }: Pick<WheelProps, 'seat' | 'members' | 'onGive'>) {
  const asking = seat.requests[0];
  const others = [...seat.requests, ...seat.watchers].filter(
    (person, index, all) =>
      person.personId !== seat.you.personId && all.findIndex((each) => each.personId === person.personId) === index,
  );
  return (
    <>
      {asking ? (
        <Button size="small" variant="primary" onClick={() => onGive(asking.personId)}>
          Hand over to {asking.name}
        </Button>
      ) : (
        others.length > 0 && (
          <Menu align="end" trigger={<Button size="small">Hand over</Button>}>
            {others.map((person) => (
              <MenuItem
                key={person.personId}
                mark={
                  <Avatar
                    name={person.name}
                    tone={toneOf(person.personId, members, seat.you.personId)}
                    size={18}
                    isSilent
                  />
                }
                onSelect={() => onGive(person.personId)}
              >
                {person.name}
              </MenuItem>
            ))}
          </Menu>
        )
      )}
      <Button size="small" onClick={() => onGive(null)}>
        Release
      </Button>
    </>
  );
}

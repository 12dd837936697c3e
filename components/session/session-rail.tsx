/** The right rail: who is here, what runs, where the work is, what carries it. */
import { GitBranch, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Present } from '#components/api/api.ts';
import { Avatar } from '#components/person/avatar.tsx';
import { toneOf } from '#components/person/tone.ts';
import { classNames } from '#components/ui/class-name.ts';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { formatClock, formatNoun } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { PathText } from '#components/ui/path-text.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import { useNow } from '#components/ui/use-now.ts';
import { useActivity } from './activity.tsx';
import { commandText } from './badge.ts';
import { peopleOf } from './people.ts';
import { RailAgents } from './rail-agents.tsx';
import { RailPolicy } from './rail-policy.tsx';
import { RailSandbox } from './rail-sandbox.tsx';
import { RailSection } from './rail-section.tsx';
import { isOpenTerminal, type SessionView, type TerminalView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import { outcomeWords } from './terminal-outcome.ts';
import type { Interrupt } from './use-interrupt.ts';

export interface SessionRailProps {
  view: SessionView;
  present: readonly Present[];
  me: string | null;
  shown: string | null;
  onShow: (terminalId: string) => void;
  interrupt: Interrupt;
}

const shownClosed = 3;

export function SessionRail({ view, present, me, shown, onShow, interrupt }: SessionRailProps) {
  return (
    <aside aria-label="About this session" className="min-h-0 flex-1 overflow-y-auto bg-surface">
      <People view={view} present={present} me={me} />
      <RailAgents view={view} interrupt={interrupt} />
      <RailPolicy view={view} />
      <Terminals terminals={view.terminals} shown={shown} onShow={onShow} />
      <Checkout view={view} />
      <RailSandbox view={view} />
      <Runner view={view} />
    </aside>
  );
}

function People({ view, present, me }: Pick<SessionRailProps, 'view' | 'present' | 'me'>) {
  const members = view.members.map((member) => member.personId);
  const people = peopleOf(view, present);
  const roleOf = (id: string) => view.members.find((member) => member.personId === id)?.role ?? '';
  const placeOf = (id: string) => present.find((each) => each.personId === id)?.place ?? '';
  return (
    <RailSection title="People" aside={people.length > 1 && `${present.length} here`}>
      <ul>
        {people.map((person) => (
          <li key={person.id} className="flex h-7 items-center gap-2 max-wide:h-11">
            <Avatar
              name={person.name}
              tone={toneOf(person.id, members, me)}
              isAway={person.isAway ?? false}
              isDriver={person.isDriver ?? false}
              isSilent
            />
            <span className="min-w-0 flex-1 truncate">
              <span className={classNames(person.isAway && 'text-ink-2')}>{person.name}</span>{' '}
              <span className="text-ink-3">
                {person.id === me ? 'you' : person.isAway ? 'away' : placeOf(person.id) && `in ${placeOf(person.id)}`}
              </span>
            </span>
            <span className={classNames('flex-none text-xs', person.isDriver ? 'text-accent' : 'text-ink-3')}>
              {person.isDriver ? 'driver' : roleOf(person.id)}
            </span>
          </li>
        ))}
      </ul>
    </RailSection>
  );
}

function Terminals({
  terminals,
  shown,
  onShow,
}: {
  terminals: readonly TerminalView[];
  shown: string | null;
  onShow: (id: string) => void;
}) {
  const open = terminals.filter(isOpenTerminal);
  const closed = terminals.filter((terminal) => !isOpenTerminal(terminal)).slice(-shownClosed);
  if (terminals.length === 0) return null;
  return (
    <RailSection title="Terminals" aside={formatNoun(open.length, 'open', 'open')}>
      <ul className="-mx-2">
        {[...open, ...closed].map((terminal) => (
          <li key={terminal.terminalId}>
            <TerminalRow
              terminal={terminal}
              isShown={terminal.terminalId === shown}
              onShow={() => onShow(terminal.terminalId)}
            />
          </li>
        ))}
      </ul>
    </RailSection>
  );
}

function TerminalRow({ terminal, isShown, onShow }: { terminal: TerminalView; isShown: boolean; onShow: () => void }) {
  const activity = useActivity(terminal.terminalId);
  const program = terminal.command ? commandText(terminal.command) : (activity?.program ?? 'login shell');
  const shape = terminal.closed ? 'idle' : terminal.command ? 'working' : 'idle';
  return (
    <button
      type="button"
      onClick={onShow}
      aria-current={isShown || undefined}
      className="focus-inside flex w-full items-start gap-2 rounded-2 px-2 py-1 text-left hover:bg-hover aria-[current]:bg-active max-wide:min-h-11"
    >
      <TerminalMark name={terminal.name} isClosed={terminal.closed !== null} />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-2">
          <span className={classNames('min-w-0 flex-1 truncate', terminal.closed && 'text-ink-2')}>
            {terminal.name}
          </span>
          {!terminal.closed && <StateMark shape={shape} />}
        </span>
        <span className={classNames('block truncate text-ink-3', terminal.closed ? 'text-xs' : 'mono-xs')}>
          {terminal.closed ? outcomeWords(terminal.closed) : activity?.line || program}
        </span>
      </span>
    </button>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-6 items-start gap-2 py-0.5 max-wide:items-center max-wide:py-0">
      <dt className="w-16 flex-none text-ink-3">{label}</dt>
      <dd className="flex min-w-0 flex-1 items-start gap-1 max-wide:items-center">{children}</dd>
    </div>
  );
}

function Exact({ text, label, shown = text }: { text: string; label: string; shown?: string }) {
  return (
    <>
      <span className="min-w-0 flex-1 pt-px leading-[18px]">
        <PathText text={shown} />
      </span>
      <CopyButton text={text} label={label} />
    </>
  );
}

/** A path in one line: its last part is kept, what leads there is cut; copied whole. */
function ExactPath({ path, label }: { path: string; label: string }) {
  const end = path.lastIndexOf('/');
  return (
    <>
      <span title={path} className="mono-xs flex min-w-0 flex-1 pt-px leading-[18px]">
        <span className="min-w-0 truncate text-ink-3">{path.slice(0, end)}</span>
        <span className="max-w-full flex-none truncate">{path.slice(end)}</span>
      </span>
      <CopyButton text={path} label={label} />
    </>
  );
}

const checkoutStates: Record<SessionView['checkoutState'], string | null> = {
  pending: 'being made',
  present: null,
  kept: 'kept on disk',
  unchanged: 'removed, nothing had changed',
  merged: 'removed, all work is saved elsewhere',
  discarded: 'discarded',
  missing: 'was gone when the session ended',
};

function Checkout({ view }: { view: SessionView }) {
  const state = checkoutStates[view.checkoutState];
  return (
    <RailSection title="Checkout">
      <dl className="text-xs">
        <Fact label="From">
          <ExactPath path={view.source} label="Copy the source’s path" />
        </Fact>
        {view.branch !== null && (
          <Fact label="Branch">
            <Icon icon={GitBranch} size={12} className="mt-[3px] text-ink-3 max-wide:mt-0" />
            <Exact text={view.branch} label="Copy the branch" />
          </Fact>
        )}
        {view.baseCommit !== null && (
          <Fact label="Base">
            <Exact text={view.baseCommit} label="Copy the commit" shown={view.baseCommit.slice(0, 10)} />
          </Fact>
        )}
        <Fact label="Path">
          <ExactPath path={view.checkout} label="Copy the checkout’s path" />
        </Fact>
        {state !== null && (
          <Fact label="State">
            <span className="text-ink-2">{state}</span>
          </Fact>
        )}
      </dl>
    </RailSection>
  );
}

function Runner({ view }: { view: SessionView }) {
  const now = useNow('coarse');
  const { runner } = view;
  if (!runner) {
    return (
      <RailSection title="Runner">
        <p className="text-ink-2 text-xs">None runs now.</p>
      </RailSection>
    );
  }
  const isIsolated = runner.isolation === 'namespaces';
  return (
    <RailSection title="Runner" aside={`run ${runner.epoch}`}>
      <dl className="text-xs">
        <Fact label="Since">
          <span className="num">{now === 0 ? '' : formatClock(runner.connectedAt, now)}</span>
        </Fact>
        <Fact label="Isolation">
          <span>{isIsolated ? 'own namespaces' : 'process group only'}</span>
        </Fact>
      </dl>
      {!isIsolated && (
        <p
          role="note"
          className="mt-2 flex gap-2 rounded-2 border border-needs-line bg-needs-tint px-2.5 py-2 text-needs text-xs"
        >
          <Icon icon={TriangleAlert} size={13} className="mt-0.5" />
          <span>{runner.warning ?? 'Programs may outlive this session on this machine.'}</span>
        </p>
      )}
    </RailSection>
  );
}

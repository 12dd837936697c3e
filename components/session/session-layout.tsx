/** Where a session's three parts stand: side by side with movable lines, two at a time, or one behind tabs on a phone. */
import { Info, ListTree, SquareTerminal } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { classNames } from '#components/ui/class-name.ts';
import { Icon } from '#components/ui/icon.tsx';
import { Splitter } from '#components/ui/splitter.tsx';
import { useIsFull, useIsPhone } from '#components/ui/use-media.ts';
import { storedNumber, useStored } from '#components/ui/use-stored.ts';
import { SessionActions } from './session-actions.tsx';
import { isOpenTerminal, isTalk, type SessionView } from './session-facts.ts';
import { StateBadge } from './state-badge.tsx';
import { StateStrip } from './state-strip.tsx';

export interface SessionLayoutProps {
  view: SessionView;
  timeline: ReactNode;
  terminal: ReactNode;
  rail: ReactNode;
  composer: ReactNode;
}

const left = { least: 240, most: 560, usual: 340 };
const right = { least: 200, most: 480, usual: 264 };
const storedLeft = storedNumber('omnigent.session-left', left.usual, left.least, left.most);
const storedRight = storedNumber('omnigent.session-right', right.usual, right.least, right.most);

export function SessionLayout(props: SessionLayoutProps) {
  const isPhone = useIsPhone();
  const isFull = useIsFull();
  if (isPhone) return <PhoneLayout {...props} />;
  return isFull ? <FullLayout {...props} /> : <NarrowLayout {...props} />;
}

function FullLayout({ view, timeline, terminal, rail, composer }: SessionLayoutProps) {
  const [leftWidth, setLeft] = useStored(storedLeft);
  const [rightWidth, setRight] = useStored(storedRight);
  return (
    <main className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        {isTalk(view) ? (
          <Talk view={view} timeline={timeline} />
        ) : (
          <div className="flex min-h-0 flex-1">
            <div style={{ width: leftWidth }} className="flex min-h-0 flex-none flex-col">
              {timeline}
            </div>
            <Splitter
              label="Width of the timeline"
              width={leftWidth}
              {...left}
              side="left"
              onChange={setLeft}
              onReset={() => setLeft(left.usual)}
            />
            {terminal}
          </div>
        )}
        {composer}
      </div>
      <Splitter
        label="Width of the facts"
        width={rightWidth}
        {...right}
        side="right"
        onChange={setRight}
        onReset={() => setRight(right.usual)}
      />
      <div style={{ width: rightWidth }} className="flex min-h-0 flex-none flex-col">
        {rail}
      </div>
    </main>
  );
}

/** What the state means stands above terminals; without one, above the timeline. */
function Talk({ view, timeline }: Pick<SessionLayoutProps, 'view' | 'timeline'>) {
  return (
    <>
      <StateStrip view={view} />
      {timeline}
    </>
  );
}

type Side = 'timeline' | 'info';

const sides: readonly { value: Side; label: string }[] = [
  { value: 'timeline', label: 'Timeline' },
  { value: 'info', label: 'Info' },
];

function NarrowLayout({ view, timeline, terminal, rail, composer }: SessionLayoutProps) {
  const [width, setWidth] = useStored(storedLeft);
  const [side, setSide] = useState<Side>('timeline');
  return (
    <main className="flex min-h-0 flex-1">
      <div style={{ width: Math.min(width, 280) }} className="flex min-h-0 flex-none flex-col">
        <fieldset
          aria-label="Beside the terminal"
          className="flex h-(--h-bar) flex-none border-line border-b bg-surface px-2"
        >
          {sides.map((each) => (
            <button
              key={each.value}
              type="button"
              aria-pressed={each.value === side}
              onClick={() => setSide(each.value)}
              className="focus-inside -mb-px border-transparent border-b-2 px-2 text-ink-2 hover:text-ink aria-pressed:border-accent-solid aria-pressed:text-ink"
            >
              {each.label}
            </button>
          ))}
        </fieldset>
        {side === 'info' && rail}
        {side === 'timeline' && !isTalk(view) && timeline}
      </div>
      <Splitter
        label="Width of the side"
        width={Math.min(width, 280)}
        {...left}
        side="left"
        onChange={setWidth}
        onReset={() => setWidth(left.usual)}
      />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        {isTalk(view) ? <Talk view={view} timeline={timeline} /> : terminal}
        {composer}
      </div>
    </main>
  );
}

type Tab = 'terminal' | Side;

const tabs = [
  { value: 'terminal', label: 'Terminal', icon: SquareTerminal },
  { value: 'timeline', label: 'Timeline', icon: ListTree },
  { value: 'info', label: 'Info', icon: Info },
] as const;

function PhoneLayout({ view, timeline, terminal, rail, composer }: SessionLayoutProps) {
  const hasTerminal = view.turns.agents.length === 0 || view.terminals.some(isOpenTerminal);
  const [tab, setTab] = useState<Tab>(hasTerminal ? 'terminal' : 'timeline');
  return (
    <>
      <main className="flex min-h-0 flex-1 flex-col">
        <div className="flex flex-none items-center border-line border-b bg-bg px-4 py-1.5">
          <StateBadge view={view} />
        </div>
        {tab === 'terminal' && terminal}
        {tab === 'timeline' && (isTalk(view) ? <Talk view={view} timeline={timeline} /> : timeline)}
        {tab === 'timeline' && composer}
        {tab === 'info' && (
          <>
            {rail}
            <div className="flex flex-none justify-end gap-2 border-line border-t bg-bg px-4 py-3">
              <SessionActions view={view} />
            </div>
          </>
        )}
      </main>
      <nav
        aria-label="Parts of the session"
        className="grid h-16 flex-none grid-cols-3 border-line border-t bg-bg pb-2"
      >
        {tabs.map((each) => (
          <button
            key={each.value}
            type="button"
            aria-current={each.value === tab ? 'page' : undefined}
            onClick={() => setTab(each.value)}
            className={classNames(
              'focus-inside flex flex-col items-center justify-center gap-[3px] text-[11px]',
              each.value === tab ? 'text-ink' : 'text-ink-3',
            )}
          >
            <Icon icon={each.icon} size={20} />
            {each.label}
          </button>
        ))}
      </nav>
    </>
  );
}

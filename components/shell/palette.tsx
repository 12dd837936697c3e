/** Finds a command, a session, or words inside sessions. Loaded when it is first opened. */
import { Dialog as Base } from '@base-ui/react/dialog';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import {
  Inbox,
  Keyboard,
  LayoutGrid,
  type LucideIcon,
  Plus,
  Rows3,
  ScrollText,
  Search,
  Settings,
  ShieldCheck,
} from 'lucide-react';
import { usePathname, useRouter } from 'next/navigation';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { badgeFor } from '#components/session/badge.ts';
import { placeOf } from '#components/session/session-facts.ts';
import { useSessionCommands } from '#components/session/use-session-commands.ts';
import { formatClock } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import { useNow } from '#components/ui/use-now.ts';
import { useShell } from './shell-context.ts';

export interface PaletteProps {
  mode: 'commands' | 'search';
  onClose: () => void;
}

const itemClass =
  'flex min-h-8 cursor-default items-center gap-2 rounded-1 px-2 outline-none data-[selected=true]:bg-active max-wide:min-h-11';
const groupClass =
  '**:[[cmdk-group-heading]]:flex **:[[cmdk-group-heading]]:h-7 **:[[cmdk-group-heading]]:items-center **:[[cmdk-group-heading]]:px-2 **:[[cmdk-group-heading]]:font-medium **:[[cmdk-group-heading]]:text-2xs **:[[cmdk-group-heading]]:text-ink-3';

export function Palette({ mode: initialMode, onClose }: PaletteProps) {
  const [mode, setMode] = useState(initialMode);
  const [text, setText] = useState('');
  const isSearch = mode === 'search';
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-well/60" />
        <Base.Popup className="fixed inset-x-4 top-[12vh] z-50 mx-auto flex max-h-[min(520px,76dvh)] max-w-[620px] flex-col overflow-hidden rounded-3 bg-surface shadow-float outline-none max-wide:inset-x-2 max-wide:top-2">
          <Base.Title className="sr-only">{isSearch ? 'Search in sessions' : 'Commands and sessions'}</Base.Title>
          <Command
            label={isSearch ? 'Search in sessions' : 'Commands and sessions'}
            shouldFilter={!isSearch}
            className="flex min-h-0 flex-col"
          >
            <div className="flex h-11 flex-none items-center gap-2.5 border-line border-b px-4 max-wide:h-14">
              <Icon icon={Search} className="text-ink-3" />
              <Command.Input
                value={text}
                onValueChange={setText}
                placeholder={isSearch ? 'Words that a session’s events contain' : 'Command or session'}
                className="h-full min-w-0 flex-1 bg-transparent text-md outline-none placeholder:text-ink-3"
              />
              <KeyCap cap="esc" />
            </div>
            <Command.List className="min-h-0 overflow-y-auto p-1.5">
              {isSearch ? (
                <Hits text={text} onClose={onClose} />
              ) : (
                <Everything text={text} onSearch={() => setMode('search')} onClose={onClose} />
              )}
            </Command.List>
          </Command>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ItemProps {
  value: string;
  icon?: LucideIcon;
  cap?: string;
  onSelect: () => void;
  children: ReactNode;
}

function Item({ value, icon, cap, onSelect, children }: ItemProps) {
  return (
    <Command.Item value={value} onSelect={onSelect} className={itemClass}>
      {icon && <Icon icon={icon} className="text-ink-3" />}
      {children}
      {cap && (
        <>
          <span className="flex-1" />
          <KeyCap cap={cap} />
        </>
      )}
    </Command.Item>
  );
}

function Everything({ text, onSearch, onClose }: { text: string; onSearch: () => void; onClose: () => void }) {
  const shell = useShell();
  const router = useRouter();
  const go = (path: string) => {
    onClose();
    router.push(path);
  };
  const session = /^\/sessions\/([^/]+)/.exec(usePathname() ?? '')?.[1];
  return (
    <>
      {session !== undefined && <ThisSession session={session} onClose={onClose} />}
      <Command.Group heading="Commands" className={groupClass}>
        <Item value="New session" icon={Plus} cap="n" onSelect={shell.openNewSession}>
          New session
        </Item>
        <Item value="Search in sessions" icon={Search} cap="/" onSelect={onSearch}>
          {text.trim() ? `Search in sessions for “${text.trim()}”` : 'Search in sessions'}
        </Item>
        <Item value="All sessions list" icon={Rows3} onSelect={() => go('/')}>
          All sessions
        </Item>
        <Item value="Wall of terminals" icon={LayoutGrid} onSelect={() => go('/?view=wall')}>
          Wall of terminals
        </Item>
        <Item value="Inbox approvals waiting" icon={Inbox} onSelect={() => go('/inbox')}>
          Inbox
        </Item>
        <Item value="Policy rules in force test replay" icon={ShieldCheck} onSelect={() => go('/policy')}>
          Policy
        </Item>
        <Item value="Audit log records who did what" icon={ScrollText} onSelect={() => go('/audit')}>
          Audit
        </Item>
        <Item value="Settings providers keys" icon={Settings} onSelect={() => go('/settings')}>
          Settings
        </Item>
        <Item value="Keyboard shortcuts help" icon={Keyboard} cap="?" onSelect={shell.openHelp}>
          Keyboard shortcuts
        </Item>
      </Command.Group>
      <Sessions onOpen={(id) => go(`/sessions/${id}`)} />
      <Command.Empty className="px-2 py-3 text-ink-2">
        No command or session has these words. Press <KeyCap cap="esc" /> and <KeyCap cap="/" /> to search inside
        sessions.
      </Command.Empty>
    </>
  );
}

function ThisSession({ session, onClose }: { session: string; onClose: () => void }) {
  const { name, commands, failure } = useSessionCommands(session, onClose);
  if (commands.length === 0) return null;
  return (
    <Command.Group heading={name} className={groupClass}>
      {failure && (
        <p role="alert" className="px-2 py-1 text-problem text-xs">
          {failure.message}
        </p>
      )}
      {commands.map(({ label, icon, run }) => (
        <Item key={label} value={label} icon={icon} onSelect={run}>
          {label}
        </Item>
      ))}
    </Command.Group>
  );
}

function Sessions({ onOpen }: { onOpen: (id: string) => void }) {
  const now = useNow('coarse');
  const { data } = useQuery(useTRPC().session.list.queryOptions({ limit: 100 }));
  if (!data || data.sessions.length === 0) return null;
  return (
    <Command.Group heading="Sessions" className={groupClass}>
      {data.sessions.map((view) => {
        const badge = badgeFor(view, now);
        return (
          <Item key={view.id} value={`${view.name} ${placeOf(view)} ${view.id}`} onSelect={() => onOpen(view.id)}>
            <StateMark shape={badge.need} className="mx-0.5" />
            <span className="truncate">{view.name}</span>
            <span className="truncate text-ink-3 text-xs">{placeOf(view)}</span>
            <span className="flex-1" />
            <span className="flex-none text-ink-3 text-xs">{badge.verb}</span>
          </Item>
        );
      })}
    </Command.Group>
  );
}

function Hits({ text, onClose }: { text: string; onClose: () => void }) {
  const router = useRouter();
  const now = useNow('coarse');
  const query = useDeferredValue(text.trim());
  const options = useTRPC().session.search.queryOptions(
    { query: query || ' ' },
    { enabled: query.length > 0, placeholderData: keepPreviousData },
  );
  const { data, error, isFetching } = useQuery(options);
  if (query === '') return <p className="px-2 py-2 text-ink-2">Whole words; all of them have to occur.</p>;
  if (error) return <p className="px-2 py-2 text-problem">{failureOf(error).message}</p>;
  if (!data) return <p className="px-2 py-2 text-ink-2">Searching</p>;
  if (data.hits.length === 0 && !isFetching) {
    return <p className="px-2 py-2 text-ink-2">No session contains “{query}”.</p>;
  }
  return data.hits.map((hit) => (
    <Item
      key={`${hit.sessionId} ${hit.seq}`}
      value={`${hit.sessionId} ${hit.seq}`}
      onSelect={() => {
        onClose();
        router.push(`/sessions/${hit.sessionId}`);
      }}
    >
      <span className="w-40 flex-none truncate max-wide:w-28">{hit.name}</span>
      <span className="min-w-0 flex-1 truncate text-ink-2">{hit.text}</span>
      <span className="num flex-none text-ink-3 text-xs">{formatClock(hit.at, now)}</span>
    </Item>
  ));
}

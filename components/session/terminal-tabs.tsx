/** A session's terminals as tabs: open ones side by side, closed ones in a menu, a new shell by +. */

import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Tabs } from '@base-ui/react/tabs';
import { ChevronDown, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatNoun } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { commandText } from './badge.ts';
import { isOpenTerminal, type TerminalView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import { outcomeWords } from './terminal-outcome.ts';

export interface TerminalTabsProps {
  terminals: readonly TerminalView[];
  shown: string | null;
  onShow: (terminalId: string) => void;
  /** Null: the session has no runner to open one. */
  onOpen: (() => void) | null;
  isOpening: boolean;
  onClose: (terminalId: string) => void;
}

export function TerminalTabs({ terminals, shown, onShow, onOpen, isOpening, onClose }: TerminalTabsProps) {
  const [closing, setClosing] = useState<TerminalView | null>(null);
  const open = terminals.filter(isOpenTerminal);
  const current = open.find((terminal) => terminal.terminalId === shown);
  const closed = terminals.filter((terminal) => !isOpenTerminal(terminal)).reverse();
  const tabs = terminals.filter((terminal) => isOpenTerminal(terminal) || terminal.terminalId === shown);
  return (
    <Tabs.Root
      value={shown}
      onValueChange={onShow}
      className="flex h-(--h-bar) flex-none items-stretch border-line border-b bg-surface pr-2 pl-2 max-wide:h-12"
    >
      <Tabs.List
        aria-label="Terminals"
        className="flex min-w-0 items-stretch gap-0.5 overflow-x-auto [scrollbar-width:none]"
      >
        {tabs.map((terminal) => (
          <TerminalTab key={terminal.terminalId} terminal={terminal} isShown={terminal.terminalId === shown} />
        ))}
      </Tabs.List>
      {current && (
        <IconButton
          icon={X}
          label={`Close ${current.name}`}
          iconSize={12}
          onClick={() => setClosing(current)}
          className="size-5 self-center"
        />
      )}
      {onOpen && (
        <IconButton icon={Plus} label="Open a shell" onClick={onOpen} disabled={isOpening} className="self-center" />
      )}
      <span className="flex-1" />
      {closed.length > 0 && <ClosedMenu closed={closed} hasOpen={open.length > 0} onShow={onShow} />}
      {closing && (
        <CloseDialog
          terminal={closing}
          onCancel={() => setClosing(null)}
          onConfirm={() => {
            setClosing(null);
            onClose(closing.terminalId);
          }}
        />
      )}
    </Tabs.Root>
  );
}

function TerminalTab({ terminal, isShown }: { terminal: TerminalView; isShown: boolean }) {
  const isClosed = terminal.closed !== null;
  return (
    <span
      className={classNames(
        '-mb-px flex items-center border-b-2',
        isShown ? 'border-accent-solid' : 'border-transparent',
      )}
    >
      <Tabs.Tab
        value={terminal.terminalId}
        title={terminal.command ? commandText(terminal.command) : 'Login shell'}
        className="focus-inside flex h-full items-center gap-2 whitespace-nowrap px-2 text-ink-2 hover:text-ink aria-selected:text-ink"
      >
        <TerminalMark name={terminal.name} isClosed={isClosed} />
        <span className="max-w-40 truncate">{terminal.name}</span>
        {terminal.closed && <span className="text-ink-3 text-xs max-wide:hidden">{outcomeWords(terminal.closed)}</span>}
      </Tabs.Tab>
    </span>
  );
}

function ClosedMenu({
  closed,
  hasOpen,
  onShow,
}: {
  closed: readonly TerminalView[];
  hasOpen: boolean;
  onShow: (id: string) => void;
}) {
  return (
    <Menu
      align="end"
      trigger={
        <button
          type="button"
          className="inline-flex h-6 items-center gap-1 self-center whitespace-nowrap rounded-2 px-2 text-ink-3 text-xs hover:bg-hover hover:text-ink max-wide:h-11"
        >
          {hasOpen ? `${closed.length} closed` : formatNoun(closed.length, 'closed terminal')}
          <Icon icon={ChevronDown} size={12} />
        </button>
      }
    >
      {closed.map((terminal) => (
        <MenuItem
          key={terminal.terminalId}
          mark={<TerminalMark name={terminal.name} isClosed />}
          onSelect={() => onShow(terminal.terminalId)}
        >
          {terminal.name} <span className="text-ink-3">{terminal.closed && outcomeWords(terminal.closed)}</span>
        </MenuItem>
      ))}
    </Menu>
  );
}

function CloseDialog({
  terminal,
  onCancel,
  onConfirm,
}: {
  terminal: TerminalView;
  onCancel: () => void;
  onConfirm: () => void;
}) {
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-well/60" />
        <AlertDialog.Popup className="fixed inset-x-4 top-[24vh] z-50 mx-auto max-w-[400px] rounded-3 bg-surface p-5 shadow-float outline-none">
          <AlertDialog.Title className="font-medium text-lg leading-6 tracking-[-0.011em]">
            Close {terminal.name}?
          </AlertDialog.Title>
          <AlertDialog.Description className="mt-1 text-ink-2">
            What runs in it ends. Its output stays readable.
          </AlertDialog.Description>
          <div className="mt-5 flex justify-end gap-2 max-wide:*:flex-1">
            <Button onClick={onCancel}>Cancel</Button>
            <Button variant="primary" onClick={onConfirm}>
              Close terminal
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

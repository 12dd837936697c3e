/** A terminal with its bar, its find bar, its keys for phones and what is said when it cannot be shown. */
'use client';
import '@xterm/xterm/css/xterm.css';
import { type FocusEvent, type Ref, useEffect, useImperativeHandle, useState } from 'react';
import { useShell } from '#components/shell/shell-context.ts';
import { classNames } from '#components/ui/class-name.ts';
import { useIsPhone } from '#components/ui/use-media.ts';
import type { TerminalId } from '#protocol/id.ts';
import { DriverBar } from './driver-bar.tsx';
import { FindBar } from './find-bar.tsx';
import { KeyRow } from './key-row.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { RecordingPanel } from './recording-panel.tsx';
import { wheelOf } from './seat-words.ts';
import { StoppedNotice } from './stopped-notice.tsx';
import { copyFrom, pasteInto } from './terminal-clipboard.ts';
import { type TerminalCommand, withControl } from './terminal-keys.ts';
import { TerminalMenu } from './terminal-menu.tsx';
import { useTerminalSettings } from './terminal-settings.ts';
import { useFirstKeyboard } from './use-first-keyboard.ts';
import { useLiveTerminal } from './use-live-terminal.ts';

/** What the page around a terminal can ask of it. */
export interface TerminalPaneHandle {
  focus(): void;
  find(): void;
  older(): void;
  take(): void;
  request(): void;
}

export interface TerminalPaneProps {
  terminalId: TerminalId;
  name: string;
  members: readonly string[];
  /** This person has just opened it. */
  isAsked: boolean;
  /** The person wants to leave the terminal by keyboard. */
  onLeave: () => void;
  onFocusChange: (isFocused: boolean) => void;
  ref: Ref<TerminalPaneHandle>;
}

type Open = { kind: 'nothing' | 'find' | 'older' } | { kind: 'link'; address: string };

const isTerminalInput = (event: FocusEvent): boolean => event.target.classList.contains('xterm-helper-textarea');

/** Shows one terminal. Give it a `key`: another terminal is another pane. */
export function TerminalPane({ terminalId, name, members, isAsked, onLeave, onFocusChange, ref }: TerminalPaneProps) {
  const shell = useShell();
  const isPhone = useIsPhone();
  const [open, setOpen] = useState<Open>({ kind: 'nothing' });
  const [isControl, setControl] = useState(false);
  const { host, live, state, refuse } = useLiveTerminal({
    terminalId,
    onCommand: run,
    onLink: (address) => setOpen({ kind: 'link', address }),
  });
  const settings = useTerminalSettings(live);
  useEffect(() => live?.holdControl(isControl ? () => setControl(false) : null), [live, isControl]);
  useFirstKeyboard({ live, seat: state.seat, isPhone, isAsked });
  const isWatching = state.seat !== null && wheelOf(state.seat).kind === 'other';
  const find = () => setOpen({ kind: 'find' });
  const older = () => setOpen({ kind: 'older' });
  const close = () => {
    setOpen({ kind: 'nothing' });
    live?.focus();
  };
  const copy = () => live && void copyFrom(live.screen.terminal).catch(() => refuse('The browser refused to copy'));
  const paste = () => live && void pasteInto(live.screen.terminal).catch(() => refuse('The browser refused to paste'));
  const take = () => {
    live?.take();
    live?.focus();
  };
  const request = () => live?.request();
  useImperativeHandle(ref, () => ({ focus: () => live?.focus(), find, older, take, request }));
  function run(command: TerminalCommand) {
    const leave = () => {
      live?.blur();
      onLeave();
    };
    const palette = () => shell.openPalette('commands');
    ({ leave, find, copy, paste, take, request, palette })[command]();
  }
  return (
    <section
      aria-label={`Terminal ${name}`}
      onFocus={(event) => onFocusChange(isTerminalInput(event))}
      onBlur={() => onFocusChange(false)}
      className="relative flex min-h-0 min-w-0 flex-1 flex-col"
    >
      <DriverBar
        state={state}
        members={members}
        onTake={take}
        onRequest={request}
        onGive={(to) => live?.give(to)}
        onRetry={() => live?.retry()}
      >
        <TerminalMenu {...{ copy, paste, find, older, settings }} request={isPhone && isWatching ? request : null} />
      </DriverBar>
      <div
        {...(settings.isAlwaysDark && { 'data-theme': 'dark' })}
        className="relative min-h-0 flex-1 overflow-hidden bg-well py-2 pr-3 pl-4 max-wide:px-1.5 max-wide:py-1"
      >
        <div
          ref={host}
          className={classNames('h-full w-[calc(100%+10px)] origin-top-left', isWatching && 'terminal-watched')}
        />
      </div>
      {open.kind === 'find' && live && <FindBar screen={live.screen} onClose={close} />}
      {state.link.kind === 'stopped' && (
        <StoppedNotice link={state.link} hasScreen={state.hasScreen} onRetry={() => live?.retry()} onOlder={older} />
      )}
      {isPhone && state.seat?.closed === null && !isWatching && (
        <KeyRow
          isControl={isControl}
          onControl={() => setControl(!isControl)}
          onKey={(key) => live?.type(isControl ? withControl(key) : key)}
          onPaste={paste}
        />
      )}
      {open.kind === 'older' && <RecordingPanel terminalId={terminalId} name={name} onClose={close} />}
      {open.kind === 'link' && <LinkDialog address={open.address} onClose={close} />}
    </section>
  );
}

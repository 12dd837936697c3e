/** A live terminal for as long as its place on the page exists. */
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useConnection } from '#components/api/provider.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import type { TerminalId } from '#protocol/id.ts';
import { firstLink } from './link.ts';
import { LiveTerminal } from './live-terminal.ts';
import type { TerminalCommand } from './terminal-keys.ts';
import { useFontSize } from './terminal-settings.ts';
import type { SocketState } from './terminal-socket.ts';
import { loadMonoFamily } from './theme.ts';

const firstState: SocketState = { link: firstLink, seat: null, refusal: null, hasScreen: false };

export interface LiveTerminalHandle {
  host: RefObject<HTMLDivElement | null>;
  /** Null until the font is loaded. */
  live: LiveTerminal | null;
  state: SocketState;
  /** Says in the bar why something was not done. */
  refuse: (why: string) => void;
}

export interface UseLiveTerminalOptions {
  terminalId: TerminalId;
  onCommand: (command: TerminalCommand) => void;
  onLink: (address: string) => void;
}

/** Calls back when the page's theme changes, by choice or by the system. */
function useThemeChange(changed: () => void): void {
  const onChange = useEffectEvent(changed);
  useEffect(() => {
    const tell = () => onChange();
    const observer = new MutationObserver(tell);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = window.matchMedia('(prefers-color-scheme: light)');
    system.addEventListener('change', tell);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', tell);
    };
  }, []);
}

export function useLiveTerminal({ terminalId, onCommand, onLink }: UseLiveTerminalOptions): LiveTerminalHandle {
  const host = useRef<HTMLDivElement>(null);
  const [live, setLive] = useState<LiveTerminal | null>(null);
  const [state, setState] = useState(firstState);
  const isMac = useIsMac();
  const fontSize = useFontSize();
  const { kind } = useConnection();
  const command = useEffectEvent(onCommand);
  const link = useEffectEvent(onLink);
  const start = useEffectEvent((element: HTMLDivElement, family: string) => {
    const created = new LiveTerminal({
      host: element,
      terminalId,
      family,
      fontSize,
      isMac,
      onState: setState,
      onCommand: (chosen) => command(chosen),
      onLink: (address) => link(address),
    });
    setLive(created);
    return created;
  });
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let created: LiveTerminal | null = null;
    let isGone = false;
    void loadMonoFamily().then((family) => {
      if (!isGone) created = start(element, family);
    });
    return () => {
      isGone = true;
      created?.dispose();
      setLive(null);
      setState(firstState);
    };
  }, []);
  useThemeChange(() => live?.refreshTheme());
  // The page's own connection notices a dead network sooner than a silent terminal does.
  const wasOffline = useRef(false);
  useEffect(() => {
    if (kind === 'live' && wasOffline.current && live && live.state.link.kind !== 'stopped') live.retry();
    wasOffline.current = kind === 'offline';
  }, [kind, live]);
  return { host, live, state, refuse: (why) => setState((held) => ({ ...held, refusal: { at: Date.now(), why } })) };
}

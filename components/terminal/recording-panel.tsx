/** Older output: the recording of a terminal, page by page, in a read-only screen with a long memory. */
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type RecordingPage, useTRPCClient } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { Button, IconButton } from '#components/ui/button.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import type { TerminalId } from '#protocol/id.ts';
import { replayOf } from './recording.ts';
import { loadMonoFamily, themeAt } from './theme.ts';
import { openScreen, type Screen } from './xterm.ts';

export interface RecordingPanelProps {
  terminalId: TerminalId;
  name: string;
  onClose: () => void;
}

const fontSize = 12.5;
/** About 3 MB of text; further pages push the newest out, which the live screen has anyway. */
const keptLines = 50_000;

interface Pages {
  /** Oldest first. */
  pages: readonly RecordingPage[];
  isLoading: boolean;
  failure: Failure | null;
  loadOlder: () => void;
}

function usePages(terminalId: TerminalId): Pages {
  const client = useTRPCClient();
  const [pages, setPages] = useState<readonly RecordingPage[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [failure, setFailure] = useState<Failure | null>(null);
  const load = (before: number | null) => {
    setLoading(true);
    setFailure(null);
    client.terminal.history.query({ terminalId, before }).then(
      (page) => {
        setPages((held) => (before === null ? [page] : [page, ...held]));
        setLoading(false);
      },
      (cause: unknown) => {
        setFailure(failureOf(cause));
        setLoading(false);
      },
    );
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest page is asked for once per terminal
  useEffect(() => load(null), [terminalId]);
  return { pages, isLoading, failure, loadOlder: () => load(pages[0]?.before ?? null) };
}

/** Draws all pages anew whenever there are more: what is older changes where everything below stands. */
function useReplay(host: React.RefObject<HTMLDivElement | null>, pages: readonly RecordingPage[]): void {
  const screen = useRef<Screen | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element || pages.length === 0) return;
    let isGone = false;
    void loadMonoFamily().then((family) => {
      if (isGone) return;
      const theme = themeAt(element);
      screen.current = openScreen({
        host: element,
        family,
        fontSize,
        theme,
        scrollback: keptLines,
        isReadOnly: true,
        onLink: () => undefined,
      });
      draw(screen.current, pages);
    });
    return () => {
      isGone = true;
      screen.current?.dispose();
      screen.current = null;
    };
  }, [host, pages]);
}

function draw({ emulator, terminal }: Screen, pages: readonly RecordingPage[]): void {
  for (const step of replayOf(pages, Date.now())) {
    if (step.do === 'size') terminal.write('', () => emulator.resize(step.cols, step.rows));
    if (step.do === 'write') emulator.write(step.data);
    if (step.do === 'gap') emulator.write(`\r\n\x1b[0;7m ${step.words} \x1b[0m\r\n`);
  }
  terminal.write('', () => (pages.length === 1 ? terminal.scrollToBottom() : terminal.scrollToTop()));
}

export function RecordingPanel({ terminalId, name, onClose }: RecordingPanelProps) {
  const host = useRef<HTMLDivElement>(null);
  const close = useRef<HTMLButtonElement>(null);
  const now = useNow('coarse');
  const { pages, isLoading, failure, loadOlder } = usePages(terminalId);
  useReplay(host, pages);
  useEffect(() => close.current?.focus(), []);
  const first = pages[0]?.pieces[0];
  const isAll = pages.length > 0 && pages[0]?.before === null;
  return (
    <section
      aria-label={`Older output of ${name}`}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      className="absolute inset-0 z-30 flex flex-col bg-well"
    >
      <header className="flex h-(--h-bar) flex-none items-center gap-3 border-line border-b bg-surface pr-2 pl-3 max-wide:h-13">
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium">Older output</span>{' '}
          <span className="num text-ink-3">{first && `recorded from ${formatClock(first.at, now)} on, read-only`}</span>
        </span>
        {failure && (
          <span role="alert" className="truncate text-problem text-xs">
            {failure.message}
          </span>
        )}
        {isAll ? (
          <span className="text-ink-3 text-xs">nothing older is kept</span>
        ) : (
          <Button size="small" onClick={loadOlder} disabled={isLoading}>
            {isLoading ? 'Loading' : failure ? 'Retry' : 'Load older'}
          </Button>
        )}
        <IconButton ref={close} icon={X} label="Close older output" onClick={onClose} />
      </header>
      {!isLoading && !failure && pages.every((page) => page.pieces.length === 0 && page.screen === null) && (
        <p className="px-4 py-3 text-ink-2">Nothing was recorded yet.</p>
      )}
      <div className="min-h-0 flex-1 overflow-x-auto px-4 py-2">
        <div ref={host} className="h-full min-w-max" />
      </div>
    </section>
  );
}

/** The dashboard as a wall: many terminals side by side as text, those that need someone first. */
import { useRef, useState } from 'react';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { attentions } from '#protocol/status.ts';
import { isFiltering, matches } from './session-board.ts';
import type { SessionView } from './session-facts.ts';
import type { SessionListProps } from './session-list.tsx';
import { SessionPeek } from './session-peek.tsx';
import { WallTile } from './wall-tile.tsx';

/** More terminals than this cannot be watched; the list has them all. */
const mostTiles = 24;

export function SessionWall({ board, filter, me, onClearFilter }: SessionListProps) {
  const grid = useRef<HTMLUListElement>(null);
  const [selected, setSelected] = useState<string | null>(null);
  const [peeked, setPeeked] = useState<SessionView | null>(null);
  const loaded = attentions.flatMap((group) => board.groups[group].sessions);
  const all = attentions
    .filter((group) => group !== 'done')
    .flatMap((group) => board.groups[group].sessions)
    .filter((view) => view.terminals.length > 0 && matches(view, filter));
  // One that leaves the loaded pages stays as it was last seen.
  const peekedNow = peeked && (loaded.find(({ id }) => id === peeked.id) ?? peeked);
  if (peekedNow !== peeked) setPeeked(peekedNow);
  const tiles = all.slice(0, mostTiles);
  const asks = board.groups.needs.count > 0;
  const move = (step: number) => {
    const at = tiles.findIndex((view) => view.id === selected);
    const next = tiles[at < 0 ? 0 : Math.min(tiles.length - 1, Math.max(0, at + step))];
    if (next) grid.current?.querySelector<HTMLElement>(`[data-row="${next.id}"]`)?.focus();
  };
  const columns = () => {
    const style = grid.current && getComputedStyle(grid.current).gridTemplateColumns;
    return style ? style.split(' ').length : 1;
  };
  useShortcuts('list', {
    'row.next': () => move(columns()),
    'row.previous': () => move(-columns()),
    'row.peek': () => setPeeked(tiles.find((view) => view.id === selected) ?? null),
  });
  if (!board.isFirstLoad && tiles.length === 0) {
    return (
      <p className="flex items-center gap-3 px-4 py-3 text-ink-2">
        {isFiltering(filter)
          ? 'No loaded session with a terminal matches the filter.'
          : 'No session has a terminal yet.'}
        {isFiltering(filter) && <Button onClick={onClearFilter}>Show all</Button>}
      </p>
    );
  }
  return (
    <>
      <ul
        ref={grid}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1);
          if (event.key === 'ArrowLeft') move(-1);
        }}
        className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,420px),1fr))] pb-px"
      >
        {tiles.map((view) => (
          <WallTile
            key={view.id}
            view={view}
            isDimmed={asks && !board.groups.needs.sessions.includes(view)}
            onFocus={() => setSelected(view.id)}
          />
        ))}
      </ul>
      {all.length > tiles.length && (
        <p className="px-4 py-2 text-ink-3 text-xs">{all.length - tiles.length} more are in the list.</p>
      )}
      {peeked && (
        <Dialog open onClose={() => setPeeked(null)} title={peeked.name} width={960}>
          <div className="mt-2 overflow-y-auto border-line border-t">
            <SessionPeek view={peeked} me={me} />
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Which rows of a timeline are near its window; stays at the end while more comes, and where it was read otherwise. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import type { Row } from './timeline-row.ts';
import type { LoadedLog } from './use-session-log.ts';

/** Nearer to the end than this, px, counts as reading the end. */
const endPx = 60;
/** With fewer rows than this above the window, older ones are fetched. */
const fewRows = 15;
/** Height of a row before it was drawn, px. */
const estimateSize = () => 28;
/** Room for the note about older events, px. */
export const olderPx = 44;

export function useTimelineScroll(rows: readonly Row[], older: LoadedLog['older']) {
  const list = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  // Another function makes the virtualizer lay out every row anew, which must not happen with each piece of text.
  const getItemKey = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    getItemKey,
    estimateSize,
    overscan: 12,
    paddingStart: older.count > 0 ? olderPx : 0,
    paddingEnd: 12,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: endPx,
  });
  useLayoutEffect(() => virtual.scrollToEnd(), [virtual]);
  // A composer that grows takes from the window's height; the end is followed all the same.
  useEffect(() => {
    const resized = new ResizeObserver(() => isFollowing.current && virtual.scrollToEnd());
    if (list.current) resized.observe(list.current);
    return () => resized.disconnect();
  }, [virtual]);
  const above = virtual.range?.startIndex ?? fewRows;
  const { load } = older;
  const isWanted = above < fewRows && older.count > 0 && !older.isLoading && older.failure === null;
  useEffect(() => {
    if (isWanted) load();
  }, [isWanted, load]);
  const onScroll = () => {
    isFollowing.current = virtual.isAtEnd();
  };
  return { list, virtual, isAtEnd: virtual.isAtEnd(), onScroll, toEnd: () => virtual.scrollToEnd() };
}

/** Text of items as it is written: applied by offset, drawn at most once a frame, and only by who shows the item. */
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { KeyedStore, useKeyed } from '#components/ui/keyed-store.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { type Piece, withPiece } from './text-piece.ts';

class TextStore extends KeyedStore<string> {
  readonly #next = new Map<string, string>();
  #frame = 0;

  add(piece: Piece): void {
    const { itemId } = piece;
    this.#next.set(itemId, withPiece(this.#next.get(itemId) ?? this.get(itemId) ?? '', piece));
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = 0;
    for (const [itemId, text] of this.#next) this.set(itemId, text);
    this.#next.clear();
  }

  /** Its end brought the whole text. */
  drop(itemId: string): void {
    this.#next.delete(itemId);
    this.delete(itemId);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }
}

const TextContext = createContext(new KeyedStore<string>());

interface ItemTextsProps {
  session: string;
  /** Ascending; texts are dropped when their item ends. */
  events: readonly SessionEvent[];
  children: ReactNode;
}

/** Listens to one session for everything below it. */
export function ItemTexts({ session, events, children }: ItemTextsProps) {
  const [store] = useState(() => new TextStore());
  useEffect(() => () => store.stop(), [store]);
  const seen = useRef(0);
  useEffect(() => {
    for (let at = events.length - 1; at >= 0; at--) {
      const event = events[at];
      if (!event || event.seq <= seen.current) break;
      if (event.type === 'item.completed') store.drop(event.payload.itemId);
    }
    seen.current = events.at(-1)?.seq ?? 0;
  }, [store, events]);
  useSubscription(useTRPC().turn.text.subscriptionOptions({ session }, { onData: (piece) => store.add(piece) }));
  return <TextContext value={store}>{children}</TextContext>;
}

/** What an item that has not ended says so far. */
export const useItemText = (itemId: string): string => useKeyed(useContext(TextContext), itemId) ?? '';

/** Text of open items on its way to the server, piece by piece as it comes. Knows no agent. */
import type { ItemId, TurnId } from '#protocol/id.ts';
import type { StartedItem } from './harness/harness.ts';

/** Text of an item that has not ended; `offset` is where `text` begins in the whole. */
export interface Delta {
  turnId: TurnId;
  itemId: ItemId;
  kind: StartedItem['kind'];
  offset: number;
  text: string;
}

export interface OpenItem {
  itemId: ItemId;
  started: StartedItem;
  text: string;
  /** How much of it was sent on its way. */
  sent: number;
}

/** Text of the same moment travels together; the first of it at once. In ms. */
const deltaMs = 12;
/** Longest piece of text in one message, in characters. */
const maxDelta = 64 * 1024;

export interface TextStreamOptions {
  /** Lost when there is no link: the newest text is sent again with the next one. */
  send: (delta: Delta) => void;
  /** The turn that runs, with its items. */
  open: () => { turnId: TurnId; items: ReadonlyMap<unknown, OpenItem> } | null;
}

export class TextStream {
  readonly #options: TextStreamOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TextStreamOptions) {
    this.#options = options;
  }

  /** Sends the text of every open item from its beginning: for a new link. */
  resume(): void {
    for (const item of this.#options.open()?.items.values() ?? []) item.sent = 0;
    this.#flush();
  }

  #flush(): void {
    const running = this.#options.open();
    for (const item of running?.items.values() ?? []) {
      while (running && item.sent < item.text.length) {
        const { itemId, started, sent: offset } = item;
        const text = item.text.slice(offset, offset + maxDelta);
        item.sent += text.length;
        this.#options.send({ turnId: running.turnId, itemId, kind: started.kind, offset, text });
      }
    }
  }

  /** At once after a quiet moment, else together with what comes within the next one. */
  flushSoon(): void {
    if (this.#timer) return;
    this.#flush();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, deltaMs);
  }
}

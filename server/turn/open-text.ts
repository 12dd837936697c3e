/** Text of items that have not ended, as runners send it: kept whole, handed out piece by piece. Lost with the server; runners say it again. */
import type { ItemId, SessionId, TurnId } from '#protocol/id.ts';
import type { TextDelta } from '#protocol/runner-message.ts';
import { maxItemText } from '#protocol/turn-event.ts';
import type { Bus } from '#server/bus/index.ts';

export interface OpenText {
  turnId: TurnId;
  itemId: ItemId;
  kind: TextDelta['kind'];
  text: string;
  /** Grows when the text begins anew: what was handed out before does not count. */
  revision: number;
}

export interface TextTopics {
  /** Which item of a session has more text. */
  [topic: `text:${string}`]: ItemId;
}

/** Items of one session that may be open at once; more are shown when they end. */
const maxOpen = 500;

export class OpenTexts {
  readonly #bus: Bus<TextTopics>;
  readonly #sessions = new Map<SessionId, Map<ItemId, OpenText>>();

  constructor(bus: Bus<TextTopics>) {
    this.#bus = bus;
  }

  /** Text from offset 0 begins anew, any other is added; what leaves a gap is dropped: the whole comes with the item's end. */
  add(sessionId: SessionId, { turnId, itemId, kind, offset, text }: TextDelta): void {
    const items = this.#sessions.get(sessionId) ?? new Map<ItemId, OpenText>();
    const item = items.get(itemId) ?? { turnId, itemId, kind, text: '', revision: 0 };
    if (offset > item.text.length || offset + text.length > maxItemText) return;
    if (!items.has(itemId) && items.size >= maxOpen) return;
    if (offset === 0 && item.text !== '') item.revision++;
    item.text = item.text.slice(0, offset) + text;
    this.#sessions.set(sessionId, items.set(itemId, item));
    this.#bus.publish(`text:${sessionId}`, itemId);
  }

  of(sessionId: SessionId): OpenText[] {
    return [...(this.#sessions.get(sessionId)?.values() ?? [])];
  }

  get(sessionId: SessionId, itemId: ItemId): OpenText | null {
    return this.#sessions.get(sessionId)?.get(itemId) ?? null;
  }

  end(sessionId: SessionId, itemId: ItemId): void {
    this.#sessions.get(sessionId)?.delete(itemId);
  }

  /** The turn is over. */
  endAll(sessionId: SessionId): void {
    this.#sessions.delete(sessionId);
  }
}

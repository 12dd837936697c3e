/** Connections that are over, counted by agent, turn and host, and stated as facts: few, however many there were. */

import { maxCountedHosts } from '#protocol/egress-event.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { TurnId } from '#protocol/id.ts';
import type { Maker } from './verdict.ts';

type Counted = EventPayload<'egress.counted'>;
type Count = Counted['hosts'][number];
/** What became of one connection, and what passed. */
export type Outcome = Partial<Omit<Count, 'host' | 'port'>>;

/** What is left is stated after this long at the latest, in ms. */
const statedMs = 60_000;

/** Where connections lead that are not named one by one, or whose place cannot be read. */
export const unnamed = { host: '*', port: 0 };
const none = { allowed: 0, failed: 0, refused: 0, sent: 0, received: 0 };

interface Open extends Maker {
  hosts: Map<string, Count>;
}

export class Tally {
  readonly #state: (payload: Counted) => void;
  readonly #open = new Map<string, Open>();
  readonly #timer: NodeJS.Timeout;

  /** `state` records a fact. */
  constructor(state: (payload: Counted) => void) {
    this.#state = state;
    this.#timer = setInterval(() => this.#stateAll(), statedMs).unref();
  }

  /** Beyond a number of hosts the others are counted together. */
  add({ agent, turnId }: Maker, place: { host: string; port: number }, outcome: Outcome): void {
    const key = `${agent} ${turnId}`;
    const open = this.#open.get(key) ?? { agent, turnId, hosts: new Map<string, Count>() };
    this.#open.set(key, open);
    const own = `${place.host} ${place.port}`;
    const { host, port } = open.hosts.has(own) || open.hosts.size < maxCountedHosts ? place : unnamed;
    const name = `${host} ${port}`;
    const before = open.hosts.get(name) ?? { host, port, ...none };
    open.hosts.set(name, {
      ...{ host, port },
      allowed: before.allowed + (outcome.allowed ?? 0),
      failed: before.failed + (outcome.failed ?? 0),
      refused: before.refused + (outcome.refused ?? 0),
      sent: before.sent + (outcome.sent ?? 0),
      received: before.received + (outcome.received ?? 0),
    });
  }

  /** The turn is over: what it did is stated now. */
  endTurn(turnId: TurnId): void {
    for (const [key, open] of this.#open) if (open.turnId === turnId) this.#end(key, open);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stateAll();
  }

  #stateAll(): void {
    for (const [key, open] of this.#open) this.#end(key, open);
  }

  #end(key: string, { agent, turnId, hosts }: Open): void {
    this.#open.delete(key);
    this.#state({ turnId, agent, hosts: [...hosts.values()] });
  }
}

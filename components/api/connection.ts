/** Whether this tab is connected to the server, since when, and how fast it answers. Pure state plus a tiny store. */

export type Connection =
  | { kind: 'connecting'; since: number }
  /** `latencyMs` is the last measured round trip; null before the first. */
  | { kind: 'live'; since: number; latencyMs: number | null }
  /** `since`: when the last link was lost. */
  | { kind: 'offline'; since: number };

export type ConnectionInput =
  | { type: 'opened'; now: number }
  | { type: 'closed'; now: number }
  | { type: 'measured'; latencyMs: number };

function nextConnection(connection: Connection, input: ConnectionInput): Connection {
  switch (input.type) {
    case 'opened':
      return { kind: 'live', since: input.now, latencyMs: null };
    case 'closed':
      return connection.kind === 'offline' ? connection : { kind: 'offline', since: input.now };
    case 'measured':
      return connection.kind === 'live' ? { ...connection, latencyMs: input.latencyMs } : connection;
  }
}

/** The connection as React reads it. */
export class ConnectionStore {
  #connection: Connection;
  readonly #listeners = new Set<() => void>();

  constructor(now: number) {
    this.#connection = { kind: 'connecting', since: now };
  }

  readonly read = (): Connection => this.#connection;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  apply(input: ConnectionInput): void {
    this.#connection = nextConnection(this.#connection, input);
    for (const listener of this.#listeners) listener();
  }
}

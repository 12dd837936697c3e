/** Which uses of credentials are recorded: the first of each kind in the session's log, all of them as a count. */
import type { SessionId, TurnId } from '#protocol/id.ts';
import type { SecretMethod } from '#protocol/secret.ts';
import type { Secrets } from '#server/secret/index.ts';
import type { Log } from '#server/session/index.ts';

export interface Use {
  sessionId: SessionId;
  name: string;
  host: string;
  agent: string;
  method: SecretMethod;
  turnId: TurnId | null;
}

export interface UsesDeps {
  log: Pick<Log, 'append'>;
  secrets: Pick<Secrets, 'count'>;
  now: () => number;
  note: (line: string) => void;
}

/** Counts are stored together after this long, in ms. */
const countMs = 1_000;
/** Uses that are known to be in the log; the oldest are forgotten first, and are then asked about again. */
const maxKnown = 10_000;
/** Without a turn, in a person's shell, a use is recorded again after this long, in ms. */
const hourMs = 3_600_000;

export class Uses {
  readonly #deps: UsesDeps;
  readonly #known = new Set<string>();
  #counts = new Map<string, { count: number; lastAt: number }>();
  #storing: NodeJS.Timeout | null = null;
  /** Settles when the last counts are stored. */
  #stored: Promise<void> = Promise.resolve();

  constructor(deps: UsesDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the use is in the log: one row for each secret, host, agent and turn, and for reading and writing. Throws
   * `database.unavailable`; nothing is used unrecorded.
   */
  async enter({ sessionId, ...use }: Use): Promise<void> {
    const { log, now } = this.#deps;
    const { name, host, agent, method, turnId } = use;
    const kind = method === 'GET' || method === 'HEAD' ? 'read' : 'write';
    const span = turnId ?? `hour-${Math.floor(now() / hourMs)}`;
    const dedupeKey = `credential:${name}:${host}:${agent}:${kind}:${span}`;
    const known = `${sessionId} ${dedupeKey}`;
    if (!this.#known.has(known)) {
      await log.append(sessionId, [{ type: 'credential.used', payload: use, principal: 'server', dedupeKey }]);
      this.#remember(known);
    }
    this.#count(name);
  }

  /** What is counted is stored. */
  async close(): Promise<void> {
    if (this.#storing) clearTimeout(this.#storing);
    this.#store();
    await this.#stored;
  }

  #remember(known: string): void {
    this.#known.add(known);
    const oldest = this.#known.values().next().value;
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  #count(name: string): void {
    const { count } = this.#counts.get(name) ?? { count: 0 };
    this.#counts.set(name, { count: count + 1, lastAt: this.#deps.now() });
    this.#storing ??= setTimeout(() => this.#store(), countMs).unref();
  }

  #store(): void {
    this.#storing = null;
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    this.#stored = this.#stored
      .then(() => this.#deps.secrets.count(counts))
      .catch((cause: unknown) =>
        this.#deps.note(`uses of ${[...counts.keys()].join(', ')} not counted: ${String(cause)}`),
      );
  }
}

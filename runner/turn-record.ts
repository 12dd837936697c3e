/**
 * What a session's folder remembers of the states in which turns began: one line for each fact, in the order they happened, so
 * that a later runner of the session knows them. Knows no git.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type TurnId, turnIdSchema } from '#protocol/id.ts';

/** A state of the checkout: a tree, null for the commit it started from, or why it is not known. */
export type TurnState = { tree: string | null } | { problem: string };

const tree = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const factSchema = z.union([
  /** The checkout was made: whatever comes first begins at its base. */
  z.strictObject({ made: z.literal(true) }),
  z.strictObject({ began: turnIdSchema }),
  /** The state in which that turn began. */
  z.strictObject({ turn: turnIdSchema, tree: tree.nullable() }),
  z.strictObject({ turn: turnIdSchema, problem: z.string() }),
  /** The state after that turn, null: before any that is known here. Of no use once another one began. */
  z.strictObject({ ended: turnIdSchema.nullable(), tree }),
]);
type Fact = z.infer<typeof factSchema>;

const lost = 'its runner ended before the state was kept';

export class TurnRecord {
  readonly #path: string;
  readonly #states = new Map<TurnId, TurnState>();
  #newest: TurnId | null = null;
  #between: TurnState = { problem: lost };

  /** `folder` is made where it is missing. A line that cannot be read makes what follows from it unknown. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, 'turns.jsonl');
    const text = readIfThere(this.#path);
    for (const line of text.split('\n')) if (line !== '') this.#fold(parse(line));
    // A line that was cut must not swallow the next one.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(this.#path, '\n');
  }

  /** The state since the newest turn ended, in which the next one begins. */
  get between(): TurnState {
    return this.#between;
  }

  /** The turn that began last; null for none that is known here. */
  get newest(): TurnId | null {
    return this.#newest;
  }

  /** The state in which the turn began; null for a turn that is not known here. */
  stateOf(turnId: TurnId): TurnState | null {
    return this.#states.get(turnId) ?? null;
  }

  /**
   * Written when it returns: a kill of this process afterwards does not undo it. Where it cannot be written it throws, and the
   * file is removed: a later runner must know nothing rather than believe what is no longer so.
   */
  add(fact: Fact): void {
    this.#fold(fact);
    try {
      appendFileSync(this.#path, `${JSON.stringify(fact)}\n`, { mode: 0o600 });
    } catch (cause) {
      rmSync(this.#path, { force: true });
      throw cause;
    }
  }

  #fold(fact: Fact | null): void {
    if (fact === null) {
      this.#newest = null;
      this.#between = { problem: 'what the runner remembered of it is damaged' };
    } else if ('made' in fact) {
      this.#between = { tree: null };
    } else if ('began' in fact) {
      this.#newest = fact.began;
      this.#between = { problem: lost };
      this.#states.set(fact.began, { problem: lost });
    } else if ('turn' in fact) {
      const { turn, ...state } = fact;
      this.#states.set(turn, state);
    } else if (fact.ended === this.#newest) {
      this.#between = { tree: fact.tree };
    }
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw cause;
  }
}

function parse(line: string): Fact | null {
  try {
    return factSchema.parse(JSON.parse(line));
  } catch {
    return null; // the fold makes of it what it must
  }
}

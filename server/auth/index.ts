/** Who somebody is: local people, one-time sign-in links, browser sessions and API tokens. Knows nothing of sessions. */
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { lineSchema } from '#protocol/event.ts';
import { newId, type PersonId, serverChain } from '#protocol/id.ts';
import type { Role } from '#protocol/role.ts';
import type { Bus } from '#server/bus/index.ts';
import type { Log } from '#server/session/index.ts';
import { hashToken, newToken, sessionKey } from './token.ts';

export { bearerOf, hashToken, newToken, sessionKey } from './token.ts';

export interface Person {
  personId: PersonId;
  name: string;
  /** Local people are owners of every session. */
  role: Role;
}

/** Somebody who decides something, and from where: the address and the program; absent where nobody was asked over a network. */
export interface Asker extends Person {
  from?: string | undefined;
}

/** A browser session ends after this long without a request, and at the latest after `absoluteMs`. */
export const browserSession = { idleMs: 12 * 3_600_000, absoluteMs: 7 * 86_400_000 } as const;
/** How long a sign-in link can be used, once. */
const linkMs = 15 * 60_000;
/** `seen_at` is written at most this often. */
const seenEveryMs = 60_000;

/** What auth publishes on the bus. */
export interface AuthTopics {
  /** A browser session was ended by its person; `key` is its `sessionKey`. What it holds open must be cut. */
  'signed-out': { key: string };
}

interface Deps {
  sql: Sql;
  log: Log;
  bus: Bus<AuthTopics>;
  now: () => number;
  random: (bytes: Uint8Array) => void;
}

export class Auth {
  readonly #deps: Deps;

  readonly #at = (ms = this.#deps.now()) => new Date(ms);

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The person called `name`, created on first use. Names are compared as written. */
  async personNamed(name: string): Promise<Person> {
    const { sql, log, now, random } = this.#deps;
    const parsed = lineSchema(120).safeParse(name);
    if (!parsed.success) throw new AppError({ code: 'input.invalid', message: 'name: 1 to 120 readable characters' });
    const id = newId('person', { now, random });
    const [created] = await sql`
      insert into people (id, name, role, created_at) values (${id}, ${parsed.data}, 'owner', ${this.#at()})
      on conflict (name) do nothing returning id`;
    if (created) {
      const payload = { personId: id, name: parsed.data };
      await log.append(serverChain, [
        { type: 'person.created', payload, principal: 'server', dedupeKey: `person:${id}` },
      ]);
    }
    const [row] = await sql`select id, name, role from people where name = ${parsed.data}`;
    return toPerson(row);
  }

  /** Everyone who is known, by name. */
  async people(): Promise<Pick<Person, 'personId' | 'name'>[]> {
    const rows = await this.#deps.sql`select id, name, role from people order by name`;
    return rows.map((row) => toPerson(row)).map(({ personId, name }) => ({ personId, name }));
  }

  /** A one-time token for `name`; the caller puts it behind `/sign-in#t=`. */
  async createLink(name: string): Promise<string> {
    const { sql, now, random } = this.#deps;
    const person = await this.personNamed(name);
    const token = newToken('link', random);
    await sql`delete from sign_in_links where expires_at < ${this.#at(now() - 86_400_000)}`;
    await sql`insert into sign_in_links (token_hash, person_id, created_at, expires_at)
      values (${hashToken(token)}, ${person.personId}, ${this.#at()}, ${this.#at(now() + linkMs)})`;
    return token;
  }

  /**
   * Uses a link up and opens a browser session, both or neither; returns its token. Throws `auth.link-expired`. Of several
   * that use the same link at once exactly one succeeds. `from` is where it was used, for the audit.
   */
  async redeem(token: string, from: string): Promise<{ token: string; person: Person }> {
    const { sql, log, now, random } = this.#deps;
    const browserToken = newToken('browser', random);
    await sql`delete from browser_sessions where expires_at < ${this.#at()} or seen_at < ${this.#at(now() - browserSession.idleMs)}`;
    const [row] = await sql`
      with used as (
        update sign_in_links set used_at = ${this.#at()}
        where token_hash = ${hashToken(token)} and used_at is null and expires_at > ${this.#at()} returning person_id
      ), opened as (
        insert into browser_sessions (token_hash, person_id, created_at, seen_at, expires_at)
        select ${hashToken(browserToken)}, person_id, ${this.#at()}, ${this.#at()}, ${this.#at(now() + browserSession.absoluteMs)} from used
      )
      select p.id, p.name, p.role from used join people p on p.id = used.person_id`;
    if (!row) {
      const message = 'this sign-in link was used already or has expired; run `omnigent url` for a new one';
      throw new AppError({ code: 'auth.link-expired', message });
    }
    const person = toPerson(row);
    const payload = { personId: person.personId, from };
    await log.append(serverChain, [{ type: 'person.signed-in', payload, principal: person.personId }]);
    return { token: browserToken, person };
  }

  async byBrowserToken(token: string): Promise<Person | null> {
    const { sql, now } = this.#deps;
    const hash = hashToken(token);
    const [row] = await sql`
      select p.id, p.name, p.role, b.seen_at from browser_sessions b join people p on p.id = b.person_id
      where b.token_hash = ${hash} and b.expires_at > ${this.#at()} and b.seen_at > ${this.#at(now() - browserSession.idleMs)}`;
    if (!row) return null;
    if (now() - new Date(row.seen_at).getTime() > seenEveryMs) {
      await sql`update browser_sessions set seen_at = ${this.#at()} where token_hash = ${hash}`;
    }
    return toPerson(row);
  }

  async byApiToken(token: string): Promise<Person | null> {
    const { sql } = this.#deps;
    const [row] = await sql`
      select p.id, p.name, p.role from api_tokens t join people p on p.id = t.person_id where t.token_hash = ${hashToken(token)}`;
    return row ? toPerson(row) : null;
  }

  /** Ends a browser session at once, with everything it holds open. */
  async signOut(token: string): Promise<void> {
    const { sql, bus } = this.#deps;
    await sql`delete from browser_sessions where token_hash = ${hashToken(token)}`;
    bus.publish('signed-out', { key: sessionKey(token) });
  }

  /** Makes sure that `cli.token` in `home` (0600) works as `name`; an existing valid one is kept. */
  async ensureCliToken(home: string, name: string): Promise<void> {
    const { sql, random } = this.#deps;
    const path = join(home, 'cli.token');
    const known = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return '';
      throw cause;
    });
    if (known.trim() !== '' && (await this.byApiToken(known.trim()))) return chmod(path, 0o600);
    const person = await this.personNamed(name);
    const token = newToken('api', random);
    await sql`delete from api_tokens where label = 'cli' and person_id = ${person.personId}`;
    await sql`insert into api_tokens (token_hash, person_id, label, created_at)
      values (${hashToken(token)}, ${person.personId}, 'cli', ${this.#at()})`;
    await rm(`${path}.next`, { force: true });
    await writeFile(`${path}.next`, `${token}\n`, { mode: 0o600 });
    await rename(`${path}.next`, path);
  }
}

function toPerson(row: Record<string, unknown> | undefined): Person {
  if (!row) throw new AppError({ code: 'person.not-found', message: 'no such person' });
  return { personId: row.id as PersonId, name: String(row.name), role: row.role as Role };
}

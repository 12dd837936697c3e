/** What an agent's action would touch, looked at where the files are. Knows no rule: only which paths are restricted. */
import { isAbsolute, relative, resolve } from 'node:path';
import { loadCommandParser } from '#facts/command-parser.ts';
import type { CommandParser } from '#policy/command/index.ts';
import type { Place } from '#policy/file-view.ts';
import { isWithin, pathFact } from '#policy/path.ts';
import { type NetworkRequest, requestFacts } from '#policy/subject.ts';
import { hostOf } from '#policy/url.ts';
import { type ActionFacts, actionFactsSchema, noFacts } from '#protocol/action-facts.ts';
import type { PolicyPlace } from '#protocol/policy-event.ts';
import type { ActionKind } from '#protocol/turn-event.ts';
import { withPrograms } from './program-fact.ts';
import type { Sandbox } from './sandbox/index.ts';

export interface ActionFactsOptions {
  /** The rules' own paths, as they are where the checkout was made from; null: no rules are in force. */
  policy: PolicyPlace | null;
  /** What programs run in. */
  sandbox: Pick<Sandbox, 'home' | 'env' | 'files' | 'holds'>;
}

export interface Subject {
  kind: ActionKind;
  command: string | null;
  paths: readonly string[];
  cwd: string;
  /** The one that it makes, where it says so. */
  request?: ActionFacts['requests'][number] | undefined;
  /** It is nothing but this request, about to be sent. */
  connection?: NetworkRequest | undefined;
  /** What is not known of it, whatever its facts are. */
  unclear?: string;
}

export class ActionFactsMaker {
  readonly #options: ActionFactsOptions;
  #parser: CommandParser | null = null;
  #loading: Promise<void> | null = null;
  #place: Omit<Place, 'cwd'> | null = null;
  #checkout: { root: string; start: string } | null = null;

  constructor(options: ActionFactsOptions) {
    this.#options = { ...options };
  }

  /** Other paths are restricted from now on. */
  follow(policy: PolicyPlace): void {
    this.#options.policy = policy;
    if (this.#checkout) this.enter(this.#checkout);
  }

  /** The checkout is there. */
  enter({ root, start }: { root: string; start: string }): void {
    this.#checkout = { root, start };
    const { policy, sandbox } = this.#options;
    const { home, files } = sandbox;
    const restricted = (policy?.restricted ?? []).flatMap((path) => [
      path,
      inCheckout(path, policy?.base ?? '', { root, start }),
    ]);
    this.#place = { base: start, home, restricted: [...new Set(restricted)], files };
  }

  /** Loads what is needed, so that the first action does not wait for it. */
  async prepare(): Promise<void> {
    this.#loading ??= loadCommandParser().then((parser) => {
      this.#parser = parser;
    });
    await this.#loading;
  }

  /** At once where it can; what cannot be told is said to be unclear. */
  of(subject: Subject): ActionFacts | Promise<ActionFacts> {
    if (subject.command !== null && !this.#parser) {
      return this.prepare().then(
        () => this.#now(subject),
        () => ({ ...noFacts, unclear: ['commands cannot be read on this machine'] }),
      );
    }
    return this.#now(subject);
  }

  #now(subject: Subject): ActionFacts {
    const facts = this.#seen(subject);
    return subject.unclear === undefined ? facts : { ...facts, unclear: [...facts.unclear, subject.unclear] };
  }

  #withPrograms(facts: ActionFacts): ActionFacts {
    const { sandbox } = this.#options;
    const { files, env } = sandbox;
    return withPrograms(facts, { files, path: env.PATH ?? '', holds: (path) => sandbox.holds(path) });
  }

  #seen({ kind, command, paths, cwd, request, connection }: Subject): ActionFacts {
    if (connection) return storable(requestFacts(connection));
    const place = this.#place;
    if (!place) return { ...noFacts, unclear: ['the checkout is not there yet'] };
    const here: Place = { ...place, cwd };
    if (kind === 'command') {
      if (command === null || !this.#parser) return { ...noFacts, unclear: ['what it runs is not said'] };
      return storable(this.#withPrograms(this.#parser.analyse(command, here)));
    }
    if (kind === 'network') return storable(asking(request));
    if (kind === 'read' || kind === 'write') return storable(pathsOf(kind, paths, here));
    return noFacts;
  }
}

function asking(request: Subject['request']): ActionFacts {
  const host = request === undefined ? null : hostOf(request.url);
  if (!request || host === null) return { ...noFacts, hosts: ['*'], unclear: ['which address it asks is not said'] };
  return { ...noFacts, hosts: [host], requests: [request] };
}

/** A reader without a path reads where it stands; a writer without one writes who knows where. */
function pathsOf(kind: 'read' | 'write', paths: readonly string[], place: Place): ActionFacts {
  if (paths.length === 0 && kind === 'write') return { ...noFacts, unclear: ['which file it writes is not said'] };
  const named = paths.length === 0 ? ['.'] : paths;
  const odd = named.some((path) => path === '' || /[\p{C}\p{Zl}\p{Zp}]/u.test(path));
  return {
    ...noFacts,
    paths: named
      .slice(0, 1_000)
      .map((path) => pathFact(path.replace(/^~(?=\/|$)/, place.home), kind, place.cwd, place)),
    unclear: odd ? ['a path holds characters that do not show'] : [],
  };
}

/** What lies beside the source lies beside the checkout's start, as long as it is in the checkout. */
function inCheckout(path: string, base: string, { root, start }: { root: string; start: string }): string {
  if (!isAbsolute(path) || base === '') return path;
  const mapped = resolve(start, relative(base, path));
  return isWithin(mapped, root) ? mapped : path;
}

/** The log holds no NUL, no half characters and no more than its limits: what does not fit is not understood. */
function storable(facts: ActionFacts): ActionFacts {
  const json = JSON.stringify(facts);
  if (/[\0\p{Surrogate}]/u.test(json) || json.includes('\\u0000'))
    return { ...noFacts, unclear: ['it holds characters that cannot be kept'] };
  const isFitting = actionFactsSchema.safeParse(facts).success;
  return isFitting ? facts : { ...noFacts, unclear: ['there is more of it than can be looked at'] };
}

/** The rules in force: what each level says now, compiled and kept, asked about every action, and changed. */
import { homedir } from 'node:os';
import { loadCommandParser } from '#facts/command-parser.ts';
import type { CommandParser } from '#policy/command/index.ts';
import { reactionOf } from '#policy/effect.ts';
import { compilePolicy, readWorkspaceFile } from '#policy/file/index.ts';
import type { Policy } from '#policy/policy.ts';
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import { serverChain } from '#protocol/id.ts';
import type { PolicyPlace } from '#protocol/policy-event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { SurpriseReaction } from '#protocol/workspace-file.ts';
import type { Asker } from '#server/auth/index.ts';
import type { Log } from '#server/session/index.ts';
import type { Judge, Judgement } from '#server/turn/index.ts';
import { judgementOf } from './verdict.ts';
import { folderOf, levelOf, newLevelOf, type Place, placeOf } from './workspace.ts';

export interface PoliciesDeps {
  log: Log;
  /** ms since the epoch. */
  now: () => number;
}

/** Policies that are kept compiled; a session's is read again after that. */
const maxKept = 2_000;

interface Level {
  text: string;
  hash: string;
}

export interface LevelChange {
  level: 'server' | 'session';
  /** What the level says from now on; '' takes back what it said. */
  text: string;
  /** Hash of the rules that were edited, '' for none: others meanwhile refuse the change. Absent: not checked. */
  base?: string | undefined;
}

export class Policies {
  readonly #deps: PoliciesDeps;
  readonly #parser: CommandParser;
  /** By level, hash and place. */
  readonly #kept = new Map<string, Policy>();
  #server: Level | null;
  /** The server's rules are, or were, others than none. */
  #hasChanged: boolean;
  /** The newest change of the server's rules: the next one is held against what it left. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(deps: PoliciesDeps, parser: CommandParser, server: Level | null) {
    this.#deps = deps;
    this.#parser = parser;
    this.#server = server;
    this.#hasChanged = server !== null;
  }

  static async open(deps: PoliciesDeps): Promise<Policies> {
    const [parser, [newest]] = await Promise.all([
      loadCommandParser(),
      deps.log.readOf(serverChain, 'policy.changed', 1),
    ]);
    return new Policies(deps, parser, newest && newest.payload.text !== '' ? newest.payload : null);
  }

  get parser(): CommandParser {
    return this.#parser;
  }

  /** Where a new session works: in `dir`, or where a workspace file says. Throws `workspace.invalid`, `input.invalid`. */
  place(file: string | null, dir: string | null): Promise<Place> {
    return placeOf(file, dir, this.#parser);
  }

  /** What a runner must know of the rules of its session; null without any. */
  placeFor(view: SessionView): PolicyPlace | null {
    const own = this.#serverPolicy(view);
    if (!view.policy && !view.sessionPolicy && !own) return null;
    const restricted = [
      ...(view.policy?.restricted ?? []),
      ...(view.sessionPolicy?.restricted ?? []),
      ...(own?.restrictedPaths.map(({ absolute }) => absolute) ?? []),
    ];
    return { base: folderOf(view), restricted: [...new Set(restricted)] };
  }

  /** The same where it is not what the runner was launched with, as far as one can tell; null otherwise. */
  changedPlace(view: SessionView): PolicyPlace | null {
    return view.sessionPolicy !== undefined || this.#hasChanged ? this.placeFor(view) : null;
  }

  /** Judges by the rules of all levels. Without any everything is allowed, and recorded. */
  readonly judge: Judge = (action, view) => {
    const now = this.#deps.now();
    const kept = this.#inForce(view);
    if (kept instanceof Promise) return kept.then((policies) => judgementOf(action, view, policies, now));
    const { facts = null } = action;
    const isRecorded = kept.length === 0 && !facts?.connection && view.sandbox !== 'none';
    return isRecorded ? { ...recorded, facts } : judgementOf(action, view, kept, now);
  };

  /** What follows when an agent of the session changes more than it said. */
  readonly onSurprise = async (view: SessionView): Promise<SurpriseReaction> => reactionOf(await this.#inForce(view));

  /** The policies in force in a session, each of its level; without one the server's alone. */
  async inForce(view: SessionView | null): Promise<Policy[]> {
    if (view) return this.#inForce(view);
    const policy = this.#server && levelOf(this.#server.text, 'server', folderOf(null));
    return policy ? [policy] : [];
  }

  #inForce(view: SessionView): Policy[] | Promise<Policy[]> {
    const server = this.#serverPolicy(view);
    const workspace = view.policy ? this.#kept.get(keyOf('workspace', view.policy.hash, view)) : null;
    const session = view.sessionPolicy ? this.#kept.get(keyOf('session', view.sessionPolicy.hash, view)) : null;
    if (workspace === undefined || session === undefined) return this.#load(view, server);
    return [server, workspace, session].flatMap((each) => each ?? []);
  }

  #serverPolicy(view: SessionView): Policy | null {
    if (!this.#server) return null;
    const { text, hash } = this.#server;
    const key = keyOf('server', hash, view);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const policy = levelOf(text, 'server', folderOf(view));
    if (policy) this.#keep(key, policy);
    return policy;
  }

  async #load(view: SessionView, server: Policy | null): Promise<Policy[]> {
    const { log } = this.#deps;
    const [[set], [changed]] = await Promise.all([
      log.readOf(view.id, 'policy.set', 1),
      log.readOf(view.id, 'policy.changed', 1),
    ]);
    const policies = server ? [server] : [];
    if (view.policy) {
      if (!set) throw new Error('the rules of the session are not in its log');
      const read = readWorkspaceFile(set.payload.text);
      if (!read.ok) throw new Error('the rules of the session cannot be read any more');
      const policy = compilePolicy(read.file, set.payload.base, homedir());
      this.#keep(keyOf('workspace', view.policy.hash, view), policy);
      policies.push(policy);
    }
    if (view.sessionPolicy) {
      if (!changed) throw new Error("the session's own rules are not in its log");
      // Others than those of the view where they changed meanwhile: the newest count, under their own hash.
      const { text, hash } = changed.payload;
      const policy = levelOf(text, 'session', folderOf(view));
      if (policy) this.#keep(keyOf('session', hash, view), policy);
      if (policy) policies.push(policy);
    }
    return policies;
  }

  #keep(key: string, policy: Policy): void {
    if (this.#kept.size >= maxKept) this.#kept.clear();
    this.#kept.set(key, policy);
  }

  /** What a level says now; '' where it says nothing. */
  async textOf(level: 'server' | 'session', view: SessionView | null): Promise<string> {
    if (level === 'server') return this.#server?.text ?? '';
    if (!view?.sessionPolicy) return '';
    const [changed] = await this.#deps.log.readOf(view.id, 'policy.changed', 1);
    return changed?.payload.text ?? '';
  }

  /** Compiles what a level would say, examples included. Throws `workspace.invalid`; null for no text. */
  compile(text: string, level: 'server' | 'session', view: SessionView | null): Policy | null {
    return newLevelOf(text, level, view, this.#parser);
  }

  /** From now on the level says this. Throws `workspace.invalid`, and `policy.changed` when something else was edited. */
  async change(change: LevelChange, view: SessionView | null, { personId, from }: Asker): Promise<void> {
    const { level, text } = change;
    const policy = this.compile(text, level, view);
    const restricted = level === 'session' ? (policy?.restrictedPaths.map(({ absolute }) => absolute) ?? []) : [];
    const payload = {
      level,
      text: policy ? text : '',
      hash: policy?.fullHash ?? '',
      restricted,
      ...(from && { from }),
    };
    const event: NewEvent = { type: 'policy.changed', payload, principal: personId };
    if (level === 'session') {
      if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
      await this.#deps.log.append(view.id, (now) => {
        assertBase(change, now?.sessionPolicy?.hash ?? '');
        return [event];
      });
      return;
    }
    const changing = this.#changing.then(async () => {
      assertBase(change, this.#server?.hash ?? '');
      await this.#deps.log.append(serverChain, [event]);
      this.#server = policy ? { text, hash: payload.hash } : null;
      this.#hasChanged = true;
    });
    this.#changing = changing.catch(() => undefined);
    await changing;
  }
}

function assertBase({ base }: LevelChange, now: string): void {
  if (base === undefined || base === now) return;
  throw new AppError({
    code: 'policy.changed',
    message: 'the rules are not those that were edited any more: somebody has changed them; nothing was applied',
  });
}

const keyOf = (level: string, hash: string, view: SessionView): string => `${level} ${hash} ${folderOf(view)}`;

const recorded: Judgement = { verdict: 'allow', rule: 'default.record', reasons: [], policyHash: '', command: null };

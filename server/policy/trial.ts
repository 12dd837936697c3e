/** Rules tried out: what is in force, what would be said of an action, and what edited rules would have said of the past. */
import { homedir } from 'node:os';
import type { Policy, Verdict } from '#policy/policy.ts';
import { factsUnder, restrictedIn } from '#policy/replay.ts';
import { actionOf, factsOf, noFiles, type Subject } from '#policy/subject.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionId } from '#protocol/id.ts';
import type { PolicyLevel } from '#protocol/policy-event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Log } from '#server/session/index.ts';
import { effectiveOf, shadowsIn } from './effective.ts';
import type { Policies } from './policies.ts';
import { type Replay, replay } from './replay.ts';
import { ruled, situationOf } from './verdict.ts';
import { folderOf, workspaceOf } from './workspace.ts';

/** Rules instead of those that a level has. */
export interface Edited {
  level: PolicyLevel;
  text: string;
}

/** A runner that takes longer to look at its files is not waited for, in ms: the text alone counts then. */
const examineMs = 1_500;

/** Verdicts of a session that are looked through for words of the shadow. */
const lookBack = 1_000;

export interface TrialsDeps {
  log: Log;
  policies: Policies;
  /** ms since the epoch. */
  now: () => number;
  /** What a command would touch, by the runner of a session; null where none is linked. */
  examine: (sessionId: SessionId, command: string, cwd: string) => Promise<ActionFacts | null>;
}

export class Trials {
  readonly #deps: TrialsDeps;

  constructor(deps: TrialsDeps) {
    this.#deps = deps;
  }

  /** Every rule in force with whose it is, what the levels that can be changed here say, and what is said in the shadow. */
  async effective(view: SessionView | null) {
    const policies = await this.#deps.policies.inForce(view);
    const [server, session, judged] = await Promise.all([
      this.#deps.policies.textOf('server', view),
      this.#deps.policies.textOf('session', view),
      view ? this.#deps.log.readOf(view.id, 'action.judged', lookBack) : [],
    ]);
    return {
      policies: policies.map((policy) =>
        effectiveOf(policy, policy.level === 'workspace' ? (view?.policy ?? null) : null),
      ),
      texts: { server, session },
      shadows: shadowsIn(judged),
    };
  }

  /** The policies in force now, and with one level's text edited. Throws `workspace.invalid`. */
  async #edited(view: SessionView | null, edited: Edited | null): Promise<{ now: Policy[]; policies: Policy[] }> {
    const now = await this.#deps.policies.inForce(view);
    if (!edited) return { now, policies: now };
    const policy =
      edited.level === 'workspace'
        ? workspaceOf(edited.text, folderOf(view), this.#deps.policies.parser)
        : this.#deps.policies.compile(edited.text, edited.level, view);
    const others = now.filter(({ level }) => level !== edited.level);
    return { now, policies: policy ? [...others, policy] : others };
  }

  /** What would be said of an action in a session; without one by the server's rules alone. */
  async test(
    view: SessionView | null,
    subject: Subject,
    edited: Edited | null,
  ): Promise<Verdict & { facts: ActionFacts }> {
    const { now, policies } = await this.#edited(view, edited);
    const cwd = view?.start ?? folderOf(view);
    const facts = await this.#factsOf(view, subject, { now, policies, cwd });
    const { kind, command, paths } = actionOf(subject);
    const action = { kind, tool: kind, agent: view?.turns.agents[0]?.name ?? '', command, paths, cwd } as const;
    const situation = situationOf(action, view ?? { members: [] }, {
      state: view?.policyState,
      atMs: this.#deps.now(),
    });
    if (policies.length === 0)
      return { verdict: 'allow', rule: 'default.record', reasons: ['no rules are in force'], policyHash: '', facts };
    return { ...ruled(action, facts, policies, situation), facts };
  }

  /** Where a runner is linked it looks at the files; else the text alone counts. */
  async #factsOf(
    view: SessionView | null,
    subject: Subject,
    { now, policies, cwd }: { now: Policy[]; policies: Policy[]; cwd: string },
  ): Promise<ActionFacts> {
    const moved = { base: folderOf(view), start: cwd };
    const restricted = restrictedIn(policies, moved);
    if (view && subject.kind === 'command') {
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), examineMs).unref());
      const examined = this.#deps.examine(view.id, subject.text, cwd).catch((cause: unknown) => {
        if (cause instanceof AppError && cause.code === 'runner.unreachable') return null;
        throw cause;
      });
      const answer = await Promise.race([examined, late]);
      if (answer) return factsUnder(answer, cwd, { before: restrictedIn(now, moved), after: restricted });
    }
    const place = { cwd, base: cwd, home: homedir(), restricted, files: noFiles };
    return factsOf(subject, place, this.#deps.policies.parser);
  }

  /** What edited rules would have said of what a session recorded. Throws `workspace.invalid`. */
  async replay(view: SessionView, edited: Edited): Promise<Replay> {
    return replay(this.#deps.log, view, await this.#edited(view, edited));
  }
}

/** A session under a workspace file whose agent never stops wanting to change something. Remembers which prompts were taken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, type SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { ModelServer } from '../../model/server.ts';
import type { Visitor } from '../../visitor.ts';
import { until } from '../wait.ts';

export const workspace = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  security_guardrails:
    forbidden_commands: ["env"]
`;

/** A server that was killed answers again within, ms. */
const answerMs = 30_000;
/** Prompts of one world, all sessions together. */
const maxPrompts = 2_000;
export const actedFile = 'acted.txt';
/** The command appends its line at once and then works a while, s. */
const worksSeconds = 0.8;

const mark = (n: number) => `prompt-${n};`;
const commandOf = (n: number) => `echo ${n} >> ${actedFile} && sleep ${worksSeconds}`;
/** The number of the prompt that led to the command. */
export const numberIn = (command: string | null): number =>
  Number(/^echo (\d+) /.exec(command ?? '')?.[1] ?? Number.NaN);

export function playAsking(model: ModelServer): void {
  const rulesFor = (n: number) => [
    { match: { contains: mark(n), hasToolResult: true }, steps: [{ text: 'That is done.' }] },
    { match: { contains: mark(n) }, steps: [{ shell: commandOf(n) }] },
  ];
  // A prompt whose runner died stands before the next one in the conversation: the newest is what is meant.
  const newestFirst = Array.from({ length: maxPrompts }, (_, n) => maxPrompts - 1 - n);
  model.play({ rules: newestFirst.flatMap(rulesFor) });
}

export class Asker {
  readonly sessionId: SessionId;
  readonly checkout: string;
  readonly #visitor: Visitor;
  readonly #nextNumber: () => number;
  #isStopped = true;
  #loop: Promise<void> | null = null;
  /** Prompts that were taken. */
  acked = 0;

  private constructor(visitor: Visitor, created: { sessionId: SessionId; checkout: string }, nextNumber: () => number) {
    this.#visitor = visitor;
    this.sessionId = created.sessionId;
    this.checkout = created.checkout;
    this.#nextNumber = nextNumber;
  }

  static async open(visitor: Visitor, file: string, nextNumber: () => number): Promise<Asker> {
    const created = await visitor.api.session.create.mutate({ workspace: file, harness: 'acp:example' });
    return new Asker(visitor, created, nextNumber);
  }

  start(): void {
    this.#isStopped = false;
    this.#loop = this.#ask();
  }

  /** Resolves when nothing is asked any more; what was asked goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  /** As a tab that loads again until it is answered. */
  async view(): Promise<SessionView> {
    let view: SessionView | null = null;
    const isAnswered = () =>
      this.#visitor.api.session.get.query({ session: this.sessionId }).then(
        (answer) => {
          view = answer.view;
          return true;
        },
        () => false,
      );
    await until('the session is shown', isAnswered, answerMs, 50);
    return view as unknown as SessionView;
  }

  /** Resumes the session where its runner died. */
  async resume(): Promise<void> {
    await this.#visitor.api.session.resume.mutate({ session: this.sessionId });
  }

  /** Every prompt has come to its end. */
  async settle(violations: string[]): Promise<void> {
    const isQuiet = async () => {
      const { turns } = await this.view();
      return turns.turn === null && turns.queue.length === 0 && turns.actions.length === 0;
    };
    await until('', isQuiet, 30_000, 100).catch(async () => {
      const { turns, status, reason } = await this.view();
      violations.push(`TRN turns do not end: session ${status} (${reason}), ${JSON.stringify(turns).slice(0, 600)}`);
    });
  }

  async #ask(): Promise<void> {
    while (!this.#isStopped) {
      const { turns } = await this.view();
      if (turns.queue.length > 0) await sleep(40);
      else await this.#send(this.#nextNumber());
    }
  }

  /** Without an answer it is asked again under the same id: it must still be one prompt. */
  async #send(n: number): Promise<void> {
    const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
    const request = { session: this.sessionId, prompt: `Do it, ${mark(n)}`, turnId: newId('turn', ids) };
    for (let isAcked = false; !isAcked && !this.#isStopped; ) {
      isAcked = await this.#visitor.api.turn.send.mutate(request).then(
        () => true,
        () => sleep(100, false),
      );
      if (isAcked) this.acked++;
    }
  }
}

/**
 * The people of a run: they look at every question and decide it, two at once. A run aims at a stage: the next question that
 * comes there is held until the fault has hit. Remembers what each of them was told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '#protocol/approval.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { ActionId, ApprovalId, ItemId, SessionId } from '#protocol/id.ts';
import type { Random } from '../../random.ts';
import type { Visitor } from '../../visitor.ts';
import { numberIn } from './asker.ts';
import { type Stage, stages } from './fault.ts';

/** What a person's decision came to; `by` is who was faster, as the server says. */
export type Answer = { personId: string; decision: Decision } & ({ kind: 'won' } | { kind: 'late'; by: string | null });

export interface Question {
  approvalId: ApprovalId;
  actionId: ActionId;
  sessionId: SessionId;
  itemId: ItemId | null;
  /** Number of its prompt. */
  n: number;
  stage: Stage | 'over';
  isShown: boolean;
  answers: Answer[];
}

export interface Aim {
  stage: Stage;
  /** Comes before the decision that is aimed at. */
  before: () => void;
  /** Strikes at once, in the same turn of the event loop. */
  hit: (question: Question, inFlightOf: Record<Stage, number>) => void;
}

/** Answers that say how it stands; after any other the person tries again. */
const definite = new Set(['approval.already-decided', 'approval.expired', 'approval.not-found']);
const codeOf = (cause: unknown): string =>
  (cause instanceof Error && 'data' in cause ? (cause.data as { appCode?: string } | null)?.appCode : null) ?? '';

const thinkMs = 60;
/** A program that was let through has this long to be hit; it works longer. */
const startedMs = 300;

export class Approver {
  readonly #people: readonly [Visitor, Visitor];
  readonly #random: Random;
  readonly #questions = new Map<ApprovalId, Question>();
  readonly #items = new Map<ActionId, ItemId | null>();
  #aim: Aim | null = null;
  #isStopped = false;

  constructor(people: readonly [Visitor, Visitor], random: Random) {
    this.#people = people;
    this.#random = random;
  }

  get questions(): Question[] {
    return [...this.#questions.values()];
  }

  /** Decisions that were acknowledged. */
  get acked(): number {
    return this.questions.flatMap(({ answers }) => answers).filter(({ kind }) => kind === 'won').length;
  }

  aim(aim: Aim): void {
    this.#aim = aim;
  }

  /** Looks after the questions of one more session. */
  follow(sessionId: SessionId): void {
    this.#people[0].api.session.events.subscribe(
      { session: sessionId, after: 0 },
      { onData: ({ data }) => this.#heard(data as SessionEvent), onError: () => undefined },
    );
  }

  stop(): void {
    this.#isStopped = true;
  }

  #heard(event: SessionEvent): void {
    if (event.type === 'action.requested') this.#items.set(event.payload.actionId, event.payload.itemId);
    if (event.type === 'approval.requested') this.#asked(event);
    if (event.type === 'item.completed') this.#ended(({ itemId }) => itemId === event.payload.itemId);
    if (event.type === 'approval.expired' || event.type === 'approval.withdrawn')
      this.#ended(({ approvalId }) => approvalId === event.payload.approvalId);
    if (event.type === 'approval.delivered') {
      const question = this.#questions.get(event.payload.approvalId);
      if (question) void this.#reached(question, 'delivered');
    }
    if (event.type === 'action.acted') {
      const { actionId, outcome } = event.payload;
      const question = this.questions.find((each) => each.actionId === actionId);
      if (question && outcome === 'ran') void this.#reached(question, 'started');
      else this.#ended((each) => each.actionId === actionId);
    }
  }

  #ended(isMeant: (question: Question) => boolean): void {
    for (const question of this.#questions.values()) if (isMeant(question)) question.stage = 'over';
  }

  #asked({ payload, sessionId }: SessionEvent & { type: 'approval.requested' }): void {
    const { approvalId, actionId, command } = payload;
    if (this.#questions.has(approvalId)) return;
    const itemId = this.#items.get(actionId) ?? null;
    const about = { approvalId, actionId, itemId, sessionId: sessionId as SessionId, n: numberIn(command) };
    const question: Question = { ...about, stage: 'requested', isShown: false, answers: [] };
    this.#questions.set(approvalId, question);
    void this.#decide(question);
  }

  async #decide(question: Question): Promise<void> {
    const { approvalId: id } = question;
    await this.#reached(question, 'requested');
    await sleep(this.#random.between(0, thinkMs));
    const [ada] = this.#people;
    const shown = await this.#insist(question, () => ada.api.approval.show.mutate({ id }));
    if (shown === 'stopped') return;
    question.isShown = shown === null;
    await this.#reached(question, 'shown');
    await sleep(this.#random.between(0, thinkMs));
    const isAimed = this.#aim?.stage === 'decided' && isBefore(question, 'decided');
    if (isAimed) this.#aim?.before();
    question.answers = (await Promise.all(this.#people.map((person) => this.#say(question, person)))).flat();
    if (question.answers.length === 0) return;
    if (isAimed) await this.#reached(question, 'decided');
    else if (isBefore(question, 'decided')) question.stage = 'decided';
  }

  async #say(question: Question, person: Visitor): Promise<Answer[]> {
    const decision: Decision = this.#random.below(5) === 0 ? 'denied' : 'approved';
    const request = { id: question.approvalId, decision, note: decision === 'denied' ? 'not this one' : null };
    const told = await this.#insist(question, () => person.api.approval.decide.mutate(request));
    if (told === 'stopped') return [];
    const { personId } = person;
    if (told === null) return [{ kind: 'won', personId, decision }];
    return [{ kind: 'late', personId, decision, by: /^(.+) has decided already/.exec(told.message)?.[1] ?? null }];
  }

  /** Tries until it is done (null), or a definite refusal comes. */
  async #insist(question: Question, work: () => Promise<unknown>): Promise<Error | 'stopped' | null> {
    while (!this.#isStopped) {
      const cause = await work().then(
        () => null,
        (failure: unknown) => failure,
      );
      if (cause === null) return null;
      if (cause instanceof Error && definite.has(codeOf(cause))) return cause;
      await sleep(60);
    }
    return question.stage === 'over' ? new Error('over') : 'stopped';
  }

  /** The question has come to `stage`; when that is aimed at, the fault hits now. */
  async #reached(question: Question, stage: Stage): Promise<void> {
    if (isBefore(question, stage)) question.stage = stage;
    const aim = this.#aim;
    if (aim?.stage !== stage || question.stage !== stage) return;
    this.#aim = null;
    // What lasts is hit somewhere within; what does not, at once.
    if (stage === 'requested' || stage === 'shown') await sleep(this.#random.between(0, thinkMs));
    if (stage === 'started') await sleep(this.#random.between(0, startedMs));
    if (question.stage !== stage) this.#aim = aim;
    else aim.hit(question, this.#inFlight());
  }

  #inFlight(): Record<Stage, number> {
    const count = (stage: Stage) => this.questions.filter((each) => each.stage === stage).length;
    return Object.fromEntries(stages.map((stage) => [stage, count(stage)])) as Record<Stage, number>;
  }
}

const isBefore = ({ stage }: Question, other: Stage): boolean =>
  stage !== 'over' && stages.indexOf(stage) < stages.indexOf(other);

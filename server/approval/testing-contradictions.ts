/** For tests: what a log, its people and a runner contradict each other in, whatever happened in which order. Pure. */
import type { EventType, SessionEvent } from '#protocol/event.ts';
import type { ApprovalId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import type { PlayedRunner } from './testing-played-runner.ts';

/** A decision that somebody made, or tried to. */
export interface Told {
  approvalId: ApprovalId;
  person: Person;
  decision: 'approved' | 'denied';
  edit: string | null;
  /** Null: it was this person's decision. */
  refusal: { code: string; message: string } | null;
}

interface Witnesses {
  told: readonly Told[];
  runner: PlayedRunner;
  ada: Person;
  grace: Person;
}

type Of<T extends EventType> = SessionEvent & { type: T };

/** A question whose rule gives it this long, in ms, may be decided so much later as the log is slow to write it. */
const expiry = { command: 'three', ms: 30_000, slackMs: 5_000 };

/** What the log says, looked up. */
class Story {
  readonly events: readonly SessionEvent[];

  constructor(events: readonly SessionEvent[]) {
    this.events = events;
  }

  all<T extends EventType>(type: T): Of<T>[] {
    return this.events.filter((event): event is Of<T> => event.type === type);
  }

  decided(id: string | null | undefined): Of<'approval.decided'> | undefined {
    return this.all('approval.decided').find(({ payload }) => payload.approvalId === id);
  }

  asked(id: string): Of<'approval.requested'> | undefined {
    return this.all('approval.requested').find(({ payload }) => payload.approvalId === id);
  }

  of<T extends 'action.judged' | 'action.acted' | 'approval.expired'>(type: T, actionId: string): Of<T> | undefined {
    return this.all<T>(type).find(({ payload }) => payload.actionId === actionId);
  }

  /** The rules in force after the event of this number. */
  rulesAt(seq: number): string {
    return this.all('policy.changed').findLast((each) => each.seq <= seq)?.payload.text ?? '';
  }

  /** Whether these rules were in force then, or at any time after. */
  holdsFrom(rules: string, seq: number): boolean {
    return (
      this.rulesAt(seq) === rules ||
      this.all('policy.changed').some((each) => each.seq > seq && each.payload.text === rules)
    );
  }
}

export const contradictions = (witnesses: Witnesses, events: readonly SessionEvent[]): string[] => {
  const story = new Story(events);
  return [
    ...inQuestions(story, witnesses),
    ...inWhatPeopleHeard(story, witnesses),
    ...inDecisions(story, witnesses),
    ...inAllowances(story),
    ...inWhatItsRunnerHeard(story, witnesses),
  ];
};

/** Each is asked, shown and decided once. */
function inQuestions(story: Story, { told }: Witnesses): string[] {
  const wrong: string[] = [];
  for (const { payload } of story.all('approval.requested')) {
    const { approvalId: id } = payload;
    const ends = [
      ...story.all('approval.decided'),
      ...story.all('approval.expired'),
      ...story.all('approval.withdrawn'),
    ].filter((each) => each.payload.approvalId === id);
    if (ends.length > 1) wrong.push(`${id} ended as ${ends.map(({ type }) => type)}`);
    if (story.all('approval.shown').filter((each) => each.payload.approvalId === id).length > 1)
      wrong.push(`${id} shown twice`);
    if (told.filter(({ approvalId, refusal }) => approvalId === id && !refusal).length > 1)
      wrong.push(`${id} won twice`);
  }
  return wrong;
}

function inWhatPeopleHeard(story: Story, { told, ada, grace }: Witnesses): string[] {
  const wrong: string[] = [];
  const names = new Map([ada, grace].map(({ personId, name }) => [personId as string, name]));
  for (const { approvalId, person, decision, edit, refusal } of told) {
    const decided = story.decided(approvalId);
    const wanted = edit === story.asked(approvalId)?.payload.command ? null : edit;
    const isTheirs = decided?.principal === person.personId && decided.payload.decision === decision;
    if (!refusal && !(isTheirs && decided.payload.edit === wanted))
      wrong.push(`${person.name} did not decide ${approvalId}`);
    const winner = names.get(decided?.principal ?? '') ?? '?';
    if (refusal?.code === 'approval.already-decided' && !refusal.message.startsWith(winner))
      wrong.push(`${person.name} was told “${refusal.message}” of what ${decided?.principal} decided`);
    if (/expired|changed/.test(refusal?.code ?? '') && decided)
      wrong.push(`${person.name} was told “${refusal?.message}” of ${approvalId}`);
  }
  return wrong;
}

/** An approval is under the rules that asked, in time, and by whom they demand for what runs. */
function inDecisions(story: Story, { grace }: Witnesses): string[] {
  const wrong: string[] = [];
  for (const { seq, at, principal, payload } of story.all('approval.decided')) {
    const { approvalId, decision, edit } = payload;
    const asked = story.asked(approvalId);
    if (!asked) wrong.push(`${approvalId} was not asked`);
    if (!asked || decision === 'denied') continue;
    const { command } = asked.payload;
    const runs = edit ?? command ?? '';
    if (runs.startsWith('rm')) wrong.push(`${approvalId} runs what is denied`);
    if ([command, edit].some((each) => each?.startsWith('echo')) && principal !== grace.personId)
      wrong.push(`${approvalId} was approved by somebody who may not`);
    if (story.rulesAt(asked.seq) !== story.rulesAt(seq)) wrong.push(`${approvalId} was approved under other rules`);
    if (command === expiry.command && Date.parse(at) - Date.parse(asked.at) > expiry.ms + expiry.slackMs)
      wrong.push(`${approvalId} was approved after its deadline`);
  }
  return wrong;
}

/** What an edit allowed ran once, for the agent that had to run it itself, in the same turn. */
function inAllowances(story: Story): string[] {
  const used = story.all('action.judged').flatMap(({ seq, payload }) => {
    const id = /^session\.allowed:(.*)$/.exec(payload.rule)?.[1];
    return id === undefined ? [] : [{ seq, id }];
  });
  return used.flatMap(({ seq, id }, index) => {
    const decided = story.decided(id);
    const acted = decided && story.of('action.acted', decided.payload.actionId);
    const isDue = acted?.payload.outcome === 'blocked' && acted.seq < seq;
    if (!isDue) return [`${id} allowed what it was not for: ${acted?.payload.outcome}`];
    return used.findIndex((each) => each.id === id) === index ? [] : [`${id} allowed twice`];
  });
}

/** It hears what the log says, and an allow only under rules that were in force when it was told. */
function inWhatItsRunnerHeard(story: Story, { runner }: Witnesses): string[] {
  const wrong: string[] = [];
  for (const { said, linkSeq } of runner.verdicts) {
    const { actionId, approvalId, verdict, command } = said;
    const decided = story.decided(approvalId);
    const judged = story.of('action.judged', actionId);
    if (approvalId && !decided) wrong.push(`${actionId} was told a decision that is not in the log`);
    if (verdict === 'again') continue;
    const because = decided ?? judged;
    const wanted = decided
      ? [decided.payload.decision === 'approved' ? 'allow' : 'deny', decided.payload.edit]
      : [story.of('approval.expired', actionId) ? 'deny' : judged?.payload.verdict, judged?.payload.command];
    if (verdict !== wanted[0] || command !== wanted[1])
      wrong.push(`${actionId} was told ${verdict} ${command}, not ${wanted}`);
    if (verdict !== 'allow' || !because) continue;
    if (!story.holdsFrom(story.rulesAt(because.seq), Math.max(because.seq, linkSeq)))
      wrong.push(`${actionId} was allowed under the rules of before`);
  }
  return wrong;
}

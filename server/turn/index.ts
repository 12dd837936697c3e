/** Turns: prompts and their queue, what agents say while they work, and who decides about what they do. */
export { agentNameFor } from './agent.ts';
export { createPropose, type Propose } from './edit.ts';
export { type Judge, type Judgement, type ProposedAction, recordingJudge } from './judge.ts';
export { appendJudged } from './judging.ts';
export { type OpenText, OpenTexts, type TextTopics } from './open-text.ts';
export { subjectOf, touchedOf } from './subject.ts';
export { Turns } from './turns.ts';

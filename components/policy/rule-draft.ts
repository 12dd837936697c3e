/** What somebody writes into the time machine, held against what its level says by now. Pure. */
import type { Effective, EffectiveLevel } from './use-policy.ts';

/** What a level says; '' and '' for nothing. */
export interface SaidRules {
  text: string;
  hash: string;
}

export interface RuleDraft {
  text: string;
  /** What was edited. */
  base: SaidRules;
}

export const sampleRules = `version: "2026.1"
rules:
  - when: facts.runs("git push")
    then: ask
    reason: look at what is pushed
    shadow: true          # true: recorded, without effect
    examples:
      - command: git push origin main
`;

export const saidBy = ({ texts, policies }: Effective, level: EffectiveLevel): SaidRules => ({
  text: texts[level],
  hash: policies.find((policy) => policy.level === level)?.hash ?? '',
});

export const draftOf = (said: SaidRules): RuleDraft => ({
  text: said.text === '' ? sampleRules : said.text,
  base: said,
});

/** The level says something else than what was edited. */
export const isOutdated = ({ base }: RuleDraft, said: SaidRules): boolean => base.text !== said.text;

/** The draft as it stands now that the level says this: what nobody has touched follows, and an edit stays. */
export const followed = (draft: RuleDraft, said: SaidRules): RuleDraft =>
  isOutdated(draft, said) && (draft.text === draftOf(draft.base).text || draft.text === said.text)
    ? draftOf(said)
    : draft;

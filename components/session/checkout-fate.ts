/** What became of a checkout, in words. The only place that has them. */
import type { EventPayload } from '#protocol/event.ts';

export type CheckoutFate = EventPayload<'session.ended'>['checkout'];

/** As a sentence of its own. */
export const fateWords: Record<CheckoutFate, string> = {
  kept: 'The checkout is kept.',
  unchanged: 'Nothing had changed, the checkout is removed.',
  merged: 'All work is saved elsewhere, the checkout is removed.',
  discarded: 'The checkout is discarded.',
  missing: 'The checkout was already gone.',
};

/** As the end of a sentence. */
export const fateClause = (fate: CheckoutFate): string =>
  fateWords[fate].charAt(0).toLowerCase() + fateWords[fate].slice(1, -1);

/** A sentence whose exact words (commands, paths, names) stay apart from its prose. Pure; knows no markup. */
import { visibleLine } from '#protocol/visible-text.ts';

/** Prose as strings, exact words as `code`. Read in order without separators. */
export type Phrase = readonly (string | { code: string })[];

/** The phrase as plain text, for accessible names and titles: what does not show is named in brackets. */
export const phraseText = (phrase: Phrase): string =>
  phrase.map((part) => visibleLine(typeof part === 'string' ? part : part.code)).join('');

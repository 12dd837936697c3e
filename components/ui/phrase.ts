/** A sentence whose exact words (commands, paths, names) stay apart from its prose. Pure; knows no markup. */

/** Prose as strings, exact words as `code`. Read in order without separators. */
export type Phrase = readonly (string | { code: string })[];

/** The phrase as plain text, for accessible names and titles. */
export const phraseText = (phrase: Phrase): string =>
  phrase.map((part) => (typeof part === 'string' ? part : part.code)).join('');

/** Draws a phrase, every character visible: prose as it is, exact words in mono. */
import { Fragment } from 'react';
import { ExactText } from './exact-text.tsx';
import type { Phrase } from './phrase.ts';

/** A number stays on one line with its unit. */
const joined = (text: string): string => text.replace(/(\d) (?=(?:s|min|h|d|B|kB|MB)\b)/g, '$1\u00a0');

export function PhraseText({ phrase }: { phrase: Phrase }) {
  return phrase.map((part, index) =>
    typeof part === 'string' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a phrase never reorders its parts
      <Fragment key={index}>
        <ExactText text={part} set={joined} />
      </Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a phrase never reorders its parts
      <code key={index}>
        <ExactText text={part.code} />
      </code>
    ),
  );
}

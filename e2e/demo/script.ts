/** What the demo's model answers: one small piece of work, and the same honest words to everything else. Pure. */
import type * as z from 'zod';
import type { scriptSchema } from '../model/script.ts';

const counter = `export function countWords(text) {
  return text.split(/\\s+/).filter((word) => word !== '').length;
}
`;

const proof = `node -e "import('./count-words.mjs').then(({ countWords }) => console.log(countWords('to be or not to be')))"`;

export const firstPrompt = 'Write a function that counts words, and show that it works.';

export const demoScript: z.input<typeof scriptSchema> = {
  rules: [
    {
      match: { contains: 'counts words', hasToolResult: false },
      usage: { input: 1_840, output: 212 },
      steps: [
        { reasoning: 'A split at white space is enough here; empty pieces must not count.' },
        { text: 'I write `count-words.mjs` and run it once on a sentence of six words.', delayMs: 35 },
        { write: { path: 'count-words.mjs', content: counter } },
        { shell: proof },
      ],
    },
    {
      match: { contains: 'counts words', hasToolResult: true },
      usage: { input: 2_310, output: 96 },
      steps: [
        {
          text: 'It prints **6**. What is there now:\n\n- `count-words.mjs` with `countWords(text)`\n- nothing else was touched\n\nThis answer comes from a script, not from a model: set `ANTHROPIC_API_KEY` and start the server to work with a real one.',
          delayMs: 30,
        },
      ],
    },
    {
      match: {},
      usage: { input: 900, output: 40 },
      steps: [
        {
          text: 'This is the demo’s scripted model: it knows one piece of work and says these words to everything else. Set `ANTHROPIC_API_KEY` or `OPENAI_API_KEY` and run `npm start` to work with a real model.',
          delayMs: 30,
        },
      ],
    },
  ],
};

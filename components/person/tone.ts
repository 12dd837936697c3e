/** Which colour a person has: you are always the accent, others keep theirs by the order in which they joined. */

/** `me`, or 1–6: the number of a `--person-n` token. */
export type Tone = 'me' | 1 | 2 | 3 | 4 | 5 | 6;

const tones = [1, 2, 3, 4, 5, 6] as const;

/** The tone of `personId` among `members` (ids in join order); strangers count as the newest. */
export function toneOf(personId: string, members: readonly string[], me: string | null): Tone {
  if (personId === me) return 'me';
  const others = members.filter((id) => id !== me);
  const index = others.indexOf(personId);
  return tones[(index < 0 ? others.length : index) % tones.length] ?? 1;
}

/** Two letters for a person's avatar. Pure. */

/** First letters of the first and last word ("Mira König" → "MK"), else the first two letters ("Jonas" → "JO"). */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word.length > 0);
  const [first, last] = [words[0], words.at(-1)];
  if (first === undefined || last === undefined) return '?';
  const letters = words.length === 1 ? [...first].slice(0, 2) : [[...first][0], [...last][0]];
  return letters.join('').toUpperCase();
}

/** How numbers, durations and times are written everywhere. Pure; knows no component and no clock. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const twoDigits = (value: number): string => String(value).padStart(2, '0');

const hours = (ms: number): string => {
  const rest = Math.floor((ms % hour) / minute);
  return rest === 0 ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / hour)} h ${twoDigits(rest)}`;
};

/** How long ago, coarse: "14 s", "26 min", "2 h 31", "3 d". Never negative, since clocks of two machines differ. */
export function formatAge(ms: number): string {
  if (ms < second) return 'now';
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  return ms < day ? hours(ms) : `${Math.floor(ms / day)} d`;
}

/** How long something takes, as fine as it matters: "0.4 s", "14 s", "1 min 48 s", "26 min", "2 h 31", "3 d". */
export function formatDuration(ms: number): string {
  if (ms < second) return `${(Math.max(0, ms) / second).toFixed(1)} s`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms >= 10 * minute) return formatAge(ms);
  const seconds = Math.floor((ms % minute) / second);
  return seconds === 0 ? formatAge(ms) : `${Math.floor(ms / minute)} min ${seconds} s`;
}

/** How long something goes on, in whole seconds: "0 s", "14 s", "1 min 48 s". Never negative, since clocks of two machines differ. */
export const formatElapsed = (ms: number): string => (ms < second ? '0 s' : formatDuration(ms));

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A date in the reader's time zone: "18 Nov". */
export const formatDay = (at: Date): string => `${at.getDate()} ${months[at.getMonth()]}`;

/** A time in the reader's time zone: "14:31". */
const formatTime = (at: Date): string => `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;

/** "14:31" within a day of `now` (ms), "18 Nov" when older. `at` is ISO 8601. */
export function formatClock(at: string, now: number): string {
  const date = new Date(at);
  return now - date.getTime() < day ? formatTime(date) : formatDay(date);
}

/** Whole numbers with thousands separated: "48,210". */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Tokens of a model: "812", "38.4k", "1.2M". */
export function formatTokens(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  return tokens < 1_000_000 ? `${(tokens / 1_000).toFixed(1)}k` : `${(tokens / 1_000_000).toFixed(1)}M`;
}

/** Sizes in decimal units: "812 B", "38.4 kB", "1.2 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A count with its noun: "1 shell", "3 shells". `many` for nouns that do more than take an s. */
export const formatNoun = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** With a capital, as a title is written: "no such terminal" → "No such terminal". */
export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** With a capital and a full stop, as prose is written. */
export const asSentence = (text: string): string => capitalise(text) + (/[.!?…]$/.test(text) ? '' : '.');

/** A list in prose: "Sara", "Sara and Jonas", "Sara, Jonas and Mira". */
export function formatList(words: readonly string[]): string {
  const last = words.at(-1);
  if (last === undefined) return '';
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

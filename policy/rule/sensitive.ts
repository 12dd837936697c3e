/** Text that should not go out: what looks like a key or password, and what looks like data about a person. Pure, linear in time. */

/** Longer text is not looked through to its end, in characters; whoever asks is told that it may hold some. */
const maxText = 200_000;

/** By their makers' own forms; each begins with something fixed, so that nothing is tried twice. */
const secrets: readonly RegExp[] = [
  /\b(?:sk|pk|rk)[-_](?:live|test|ant|proj|or)?[-_]?[A-Za-z0-9_-]{16,200}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_[A-Za-z0-9_]{20,255}/,
  /\bglpat-[A-Za-z0-9_-]{16,100}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{30,60}/,
  /\bxox[abeprs]-[A-Za-z0-9-]{10,250}/,
  /\bnpm_[A-Za-z0-9]{30,60}/,
  /\bshr_[A-Za-z0-9_-]{40,60}/,
  /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,2000}/,
  /-----BEGIN (?:[A-Z]{2,12} )?PRIVATE KEY-----/,
  /\b(?:password|passwd|secret|token|api[-_]?key|access[-_]?key)["']?\s{0,4}[=:]\s{0,4}["']?[^\s"',;&]{6,200}/i,
  /\bhttps?:\/\/[^\s:/@]{1,200}:[^\s:/@]{1,200}@/i,
  // `curl -u name:password`; `docker run -u 1000:1000` is none.
  /(?:^|\s)(?:-[uU]|--(?:proxy-)?user)[ =]?["']?(?!\d+:\d+(?:\s|$))[^\s:"'-][^\s:"']{0,200}:[^\s"':/][^\s"']{0,200}/,
  /\b(?:authorization|proxy-authorization)["']?\s{0,4}:\s{0,4}(?:bearer|basic|token)\s{1,4}[^\s"']{8,400}/i,
];

export const holdsSecret = (text: string): boolean =>
  text.length > maxText || secrets.some((pattern) => pattern.test(text));

const personal: readonly RegExp[] = [
  /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}\b/,
  // Social security number of the US.
  /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/,
  // IBAN.
  /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/,
  // International telephone number.
  /(?<![\w+])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}\b/,
];

/** The last digit of a payment card's number follows from the others. */
function isCard(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0 && !/^(\d)\1+$/.test(digits);
}

const cards = /(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)/g;

export const holdsPersonalData = (text: string): boolean =>
  text.length > maxText ||
  personal.some((pattern) => pattern.test(text)) ||
  [...text.matchAll(cards)].some(([found]) => isCard(found.replace(/\D/g, '')));

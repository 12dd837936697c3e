/** Redeeming a one-time sign-in link: what is in the address, what the server says. Knows no page. */

export type SignInState =
  | { kind: 'redeeming' }
  /** No link was opened. */
  | { kind: 'no-link' }
  /** The link does not work (any more), or could not be tried. */
  | { kind: 'refused'; why: 'used' | 'too-many' | 'unreachable' };

/** The token of `#t=TOKEN`, or null. */
export const tokenOf = (hash: string): string | null => new URLSearchParams(hash.replace(/^#/, '')).get('t') || null;

/** Where to go afterwards: the path of `?to=`, never another origin. */
export function targetOf(search: string, origin: string): string {
  const to = new URLSearchParams(search).get('to') ?? '/';
  if (!to.startsWith('/') || !URL.canParse(to, origin)) return '/';
  const target = new URL(to, origin);
  return target.origin === origin && target.pathname !== '/sign-in' ? target.pathname + target.search : '/';
}

/** Trades the token for this browser's cookie. Null: signed in. */
export async function redeem(token: string, post: typeof fetch): Promise<SignInState | null> {
  try {
    const answer = await post('/api/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) return null;
    if (answer.status === 429) return { kind: 'refused', why: 'too-many' };
    return { kind: 'refused', why: answer.status >= 500 ? 'unreachable' : 'used' };
  } catch {
    // The network's own error has no words for people; that there was no answer is all there is to say.
    return { kind: 'refused', why: 'unreachable' };
  }
}

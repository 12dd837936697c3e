/** The sign-in page: redeems the link that brought you here, or says how to get one. */
'use client';
import { useEffect, useRef, useState } from 'react';
import { FullPage } from '#components/shell/full-page.tsx';
import { Button } from '#components/ui/button.tsx';
import { redeem, type SignInState, targetOf, tokenOf } from './sign-in.ts';

const titles = {
  used: 'This link no longer works',
  'too-many': 'Too many tries',
  unreachable: 'No answer from the server',
} as const;

export function SignIn() {
  const [state, setState] = useState<SignInState>({ kind: 'redeeming' });
  const [tries, setTries] = useState(0);
  /** Kept out of the address from the first moment, so that it is not in the history. */
  const token = useRef<string | null>(null);
  const attempt = useRef<{ number: number; outcome: Promise<SignInState | null> } | null>(null);
  useEffect(() => {
    token.current ??= tokenOf(location.hash);
    if (token.current === null) return setState({ kind: 'no-link' });
    history.replaceState(null, '', location.pathname + location.search);
    let isCurrent = true;
    setState({ kind: 'redeeming' });
    // A link works once, so one try is one call, however often this effect runs.
    if (attempt.current?.number !== tries) attempt.current = { number: tries, outcome: redeem(token.current, fetch) };
    void attempt.current.outcome.then((refusal) => {
      if (refusal === null) location.replace(targetOf(location.search, location.origin));
      else if (isCurrent) setState(refusal);
    });
    return () => {
      isCurrent = false;
    };
  }, [tries]);
  switch (state.kind) {
    case 'redeeming':
      return (
        <FullPage tone="quiet" title="Signing you in">
          One moment.
        </FullPage>
      );
    case 'no-link':
      return (
        <FullPage tone="quiet" title="Sign in with a link">
          <NewLink />
        </FullPage>
      );
    case 'refused':
      return (
        <FullPage
          tone={state.why === 'used' ? 'needs' : 'problem'}
          title={titles[state.why]}
          action={state.why !== 'used' && <Button onClick={() => setTries(tries + 1)}>Try again</Button>}
        >
          {state.why === 'used' ? (
            <>
              Each link works once and for 15 minutes. <NewLink />
            </>
          ) : (
            'Your link may still be good. Wait a minute, then try again.'
          )}
        </FullPage>
      );
  }
}

function NewLink() {
  return (
    <>
      Run <code className="rounded-1 bg-well px-1 py-0.5 text-ink">omnigent url</code> on the machine that runs Omnigent
      and open the link that it prints.
    </>
  );
}

/** Says that an agent has no model to ask, and every way to get one. */
import Link from 'next/link';
import { buttonClass } from '#components/ui/button.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { type Lack, type ProviderName, providerTitles } from './provider-facts.ts';

/** What is asked of an agent's harness. */
export interface KeyUser {
  title: string;
  /** This face of it is a terminal. */
  hasTerminal: boolean;
  provider: ProviderName | null;
  signIn: { subscription: string; command: string } | null;
}

export interface MissingKeyProps {
  lack: Lack;
  /** The agent that is meant; null: none yet. */
  harness: KeyUser | null;
  /** The page is left for the settings. */
  onLeave?: () => void;
}

export function MissingKey({ lack, harness, onLeave }: MissingKeyProps) {
  const { provider, problem } = lack;
  const title = provider ? providerTitles[provider] : null;
  const words = title
    ? problem === null
      ? `${harness?.title ?? 'This agent'} has no key for ${title}`
      : `The key for ${title} cannot be used`
    : 'No provider of models has a key';
  return (
    <Notice
      tone="needs"
      title={words}
      className="rounded-2 border border-needs-line bg-raised px-3 py-2.5"
      action={
        <Link
          href={provider ? `/settings#${provider}` : '/settings'}
          {...(onLeave && { onClick: onLeave })}
          className={buttonClass('plain', 'small')}
        >
          {problem === null ? 'Enter a key' : 'Replace the key'}
        </Link>
      }
    >
      {problem !== null && `${problem}. `}
      {harness?.signIn && problem === null && (
        <>
          A {harness.signIn.subscription} will do as well:{' '}
          {harness.hasTerminal ? 'in its terminal, type' : 'choose “Open in terminal” at the agent and type'}{' '}
          <code>{harness.signIn.command}</code>. The sign-in stays in that session.{' '}
        </>
      )}
      <code>npm run demo</code> shows agents at work without any key.
    </Notice>
  );
}

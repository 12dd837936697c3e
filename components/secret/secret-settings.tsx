/** The settings of secrets that agents use without seeing them. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { useFocusBack } from '#components/ui/use-focus-back.ts';
import { SecretForm } from './secret-form.tsx';
import { type SecretMode, SecretRow } from './secret-row.tsx';
import { useSecrets } from './use-secrets.ts';

/** What is open: a new one, or a row of the list. */
type Open = { kind: 'add' } | { kind: 'row'; name: string; mode: SecretMode } | null;

const ownersOnly = 'Only owners change secrets';

export function SecretSettings() {
  const { data: secrets, error, refetch } = useSecrets();
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const isOffline = useConnection().kind === 'offline';
  const [open, setOpen] = useState<Open>(null);
  const blocked = isOffline ? 'Not while offline' : me && me.role !== 'owner' ? ownersOnly : null;
  return (
    <section aria-labelledby="secrets" className="border-line border-b">
      <header className="px-4 pt-5 pb-3.5">
        <h2 id="secrets" className="font-medium text-lg leading-6 tracking-[-0.011em]">
          Secrets
        </h2>
        <p className="mt-1 max-w-[64ch] text-ink-2">
          Agents and shells use them without seeing them: the server puts the value into requests to the address that it
          is for, and records who used it. A value is stored encrypted and is never shown again.
        </p>
      </header>
      {error && !secrets && (
        <Notice
          tone="problem"
          title="The secrets were not loaded"
          action={<Button onClick={() => void refetch()}>Retry</Button>}
          className="px-4 pb-4"
        >
          {failureOf(error).message}
        </Notice>
      )}
      <ul className="border-line border-t">
        {(secrets ?? []).map((facts) => (
          <SecretRow
            key={facts.name}
            facts={facts}
            mode={open?.kind === 'row' && open.name === facts.name ? open.mode : 'rest'}
            onMode={(mode) => setOpen(mode === 'rest' ? null : { kind: 'row', name: facts.name, mode })}
            blocked={blocked}
            isOffline={isOffline}
          />
        ))}
      </ul>
      {secrets && <Adding isOpen={open?.kind === 'add'} onOpen={setOpen} blocked={blocked} isOffline={isOffline} />}
    </section>
  );
}

interface AddingProps {
  isOpen: boolean;
  onOpen: (open: Open) => void;
  blocked: string | null;
  isOffline: boolean;
}

function Adding({ isOpen, onOpen, blocked, isOffline }: AddingProps) {
  const actions = useFocusBack(isOpen);
  return (
    <div className="px-4 py-3.5">
      {isOpen ? (
        <SecretForm facts={null} isOffline={isOffline} onDone={() => onOpen(null)} />
      ) : (
        <div ref={actions} className="flex max-wide:*:flex-1">
          <Button onClick={() => onOpen({ kind: 'add' })} disabled={blocked !== null} title={blocked ?? undefined}>
            Add a secret
          </Button>
        </div>
      )}
    </div>
  );
}

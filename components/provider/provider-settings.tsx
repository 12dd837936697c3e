/** The settings of providers of models. `#anthropic` in the address opens that one's form. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { Notice } from '#components/ui/notice.tsx';
import type { ProviderName } from './provider-facts.ts';
import { ProviderRow, type RowMode } from './provider-row.tsx';
import { useProviders } from './use-providers.ts';

interface Open {
  name: ProviderName;
  mode: RowMode;
}

export function ProviderSettings() {
  const { data: providers, error, refetch } = useProviders();
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const isOffline = useConnection().kind === 'offline';
  const [open, setOpen] = useOpenRow();
  const blocked = isOffline ? 'Not while offline' : me && me.role !== 'owner' ? 'Only owners change keys' : null;
  return (
    <section aria-labelledby="providers" className="border-line border-b">
      <header className="px-4 pt-5 pb-3.5">
        <h2 id="providers" className="font-medium text-lg leading-6 tracking-[-0.011em]">
          Providers and keys
        </h2>
        <p className="mt-1 max-w-[64ch] text-ink-2">
          Agents reach models through this server and never see a key. A key entered here is stored encrypted and wins
          over the one that the server was started with.
        </p>
      </header>
      {error && !providers && (
        <Notice
          tone="problem"
          title="The providers were not loaded"
          action={<Button onClick={() => void refetch()}>Retry</Button>}
          className="px-4 pb-4"
        >
          {failureOf(error).message}
        </Notice>
      )}
      <ul className="border-line border-t [&>li:last-child]:border-b-0">
        {(providers ?? []).map((facts) => (
          <ProviderRow
            key={facts.name}
            facts={facts}
            mode={open?.name === facts.name && blocked !== 'Only owners change keys' ? open.mode : 'rest'}
            onMode={(mode) => setOpen(mode === 'rest' ? null : { name: facts.name, mode })}
            blocked={blocked}
            isOffline={isOffline}
          />
        ))}
      </ul>
    </section>
  );
}

/** Which row does something; the address may name one that is to be entered. */
function useOpenRow() {
  const [open, setOpen] = useState<Open | null>(null);
  useEffect(() => {
    const name = location.hash.slice(1);
    if (name === 'anthropic' || name === 'openai') setOpen({ name, mode: 'enter' });
  }, []);
  return [open, setOpen] as const;
}

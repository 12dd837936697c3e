/** Enters a provider's key. What is typed goes to the server and is never shown, stored or asked for again. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { ProviderFacts } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { Disclosure } from '#components/ui/disclosure.tsx';
import { Field } from '#components/ui/field.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { type Problems, problemsOf, providerTitles, usualUrls } from './provider-facts.ts';
import { useProviderChanges } from './use-providers.ts';

export interface ProviderFormProps {
  facts: ProviderFacts;
  isOffline: boolean;
  onDone: () => void;
}

function useProviderForm({ facts, onDone }: ProviderFormProps) {
  const [key, setKey] = useState('');
  const [baseUrl, setBaseUrl] = useState(facts.baseUrl ?? '');
  const [problems, setProblems] = useState<Problems>({});
  const { set } = useProviderChanges();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() === '') return setProblems({ key: 'Paste the key that the provider gave you.' });
    try {
      await set.mutateAsync({ name: facts.name, key: key.trim(), baseUrl: baseUrl.trim() || null });
      onDone();
    } catch (cause) {
      setProblems(problemsOf(failureOf(cause)));
    }
  };
  return { key, setKey, baseUrl, setBaseUrl, problems, save, isPending: set.isPending };
}

export function ProviderForm(props: ProviderFormProps) {
  const { facts, isOffline, onDone } = props;
  const { key, setKey, baseUrl, setBaseUrl, problems, save, isPending } = useProviderForm(props);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <form
      aria-label={`Key for ${providerTitles[facts.name]}`}
      onSubmit={(event) => void save(event)}
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
      noValidate
      autoComplete="off"
      className="flex max-w-[480px] flex-col gap-4 pt-4 pb-1 wide:ml-6.5"
    >
      {problems.form && (
        <Notice tone="problem" title="The key was not stored">
          {problems.form}
        </Notice>
      )}
      <Field
        ref={first}
        label="API key"
        type="password"
        value={key}
        onChange={(event) => setKey(event.target.value)}
        problem={problems.key ?? null}
        help="Used from the next model call on. It is not shown again."
        isMono
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        data-1p-ignore
        data-lpignore="true"
      />
      <Disclosure label="Advanced" isOpen={facts.baseUrl !== null || problems.baseUrl !== undefined}>
        <Field
          label="Address"
          type="url"
          value={baseUrl}
          onChange={(event) => setBaseUrl(event.target.value)}
          problem={problems.baseUrl ?? null}
          placeholder={usualUrls[facts.name]}
          help="For a proxy, or a server that speaks the same API. Leave it empty for the provider’s own."
          isMono
          autoComplete="off"
          spellCheck={false}
        />
      </Disclosure>
      <div className="flex gap-2 max-wide:*:flex-1">
        <Button
          type="submit"
          variant="primary"
          disabled={isPending || isOffline}
          title={isOffline ? 'Not while offline' : undefined}
        >
          {isPending ? 'Saving' : 'Save key'}
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

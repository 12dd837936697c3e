/** Enters a secret, or another value of one. What is typed goes to the server and is never shown, stored or asked for again. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { SecretFacts } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { Disclosure } from '#components/ui/disclosure.tsx';
import { Field } from '#components/ui/field.tsx';
import { Notice } from '#components/ui/notice.tsx';
import {
  draftOf,
  type SecretDraft,
  type SecretProblems,
  secretOf,
  secretProblems,
  sentChoices,
  type UseKind,
} from './secret-facts.ts';
import { useSecretChanges } from './use-secrets.ts';

export interface SecretFormProps {
  /** The secret whose value is replaced; null: a new one. */
  facts: SecretFacts | null;
  isOffline: boolean;
  onDone: () => void;
}

/** No browser keeps, corrects or fills in what is typed here. */
const plain = { isMono: true, autoComplete: 'off', autoCapitalize: 'off', spellCheck: false } as const;

function useSecretForm({ facts, onDone }: SecretFormProps) {
  const [draft, setDraft] = useState(() => draftOf(facts));
  const [problems, setProblems] = useState<SecretProblems>({});
  const { set } = useSecretChanges();
  const change = (part: Partial<SecretDraft>) => setDraft((before) => ({ ...before, ...part }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (draft.value.trim() === '') return setProblems({ value: 'Paste the token or password.' });
    try {
      await set.mutateAsync(secretOf(draft));
      onDone();
    } catch (cause) {
      setProblems(secretProblems(failureOf(cause)));
    }
  };
  const field = (name: 'name' | 'url' | 'detail' | 'methods' | 'value') => ({
    ...plain,
    value: draft[name],
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
    problem: problems[name] ?? null,
  });
  return { draft, change, problems, field, save, isPending: set.isPending };
}

export function SecretForm(props: SecretFormProps) {
  const { facts, isOffline, onDone } = props;
  const { draft, change, problems, field, save, isPending } = useSecretForm(props);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <form
      aria-label={facts ? `Value of ${facts.name}` : 'New secret'}
      onSubmit={(event) => void save(event)}
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
      noValidate
      autoComplete="off"
      className="flex max-w-[480px] flex-col gap-4 pt-4 pb-1 wide:ml-6.5"
    >
      {problems.form && (
        <Notice tone="problem" title="The secret was not stored">
          {problems.form}
        </Notice>
      )}
      {!facts && (
        <Field
          ref={first}
          label="Name"
          placeholder="github"
          help="How agents and the log call it; a-z, 0-9 and -."
          {...field('name')}
        />
      )}
      <Field
        label="Where it may go"
        type="url"
        placeholder="https://github.com/our-team/"
        help="An https address. It goes to this path and those below it, nowhere else."
        {...field('url')}
      />
      <SentField draft={draft} onChange={(kind) => change({ kind, detail: '' })} />
      {draft.kind === 'basic' && <Field label="User" placeholder="git" {...field('detail')} />}
      {draft.kind === 'header' && <Field label="Header" placeholder="X-Api-Key" {...field('detail')} />}
      <Field
        ref={facts ? first : undefined}
        label={draft.kind === 'basic' ? 'Password or token' : 'Value'}
        type="password"
        help="Used from the next request on. It is not shown again."
        data-1p-ignore
        data-lpignore="true"
        {...field('value')}
      />
      <Disclosure label="Advanced" isOpen={draft.methods !== '' || problems.methods !== undefined}>
        <Field label="Methods" placeholder="GET, HEAD" help="Leave it empty for all of them." {...field('methods')} />
      </Disclosure>
      <div className="flex gap-2 max-wide:*:flex-1">
        <Button
          type="submit"
          variant="primary"
          disabled={isPending || isOffline}
          title={isOffline ? 'Not while offline' : undefined}
        >
          {isPending ? 'Saving' : 'Save secret'}
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function SentField({ draft, onChange }: { draft: SecretDraft; onChange: (kind: UseKind) => void }) {
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium">How it is sent</legend>
      <div className="grid grid-cols-2 gap-1.5 max-wide:grid-cols-1">
        {sentChoices.map(({ kind, title }) => (
          <button
            key={kind}
            type="button"
            aria-pressed={draft.kind === kind}
            onClick={() => onChange(kind)}
            className={classNames(
              'focus-inside flex h-8 items-center rounded-2 border px-2.5 text-left max-wide:h-12',
              draft.kind === kind ? 'border-accent-solid bg-active' : 'border-line-strong hover:bg-hover',
            )}
          >
            <span className="min-w-0 truncate">{title}</span>
          </button>
        ))}
      </div>
    </fieldset>
  );
}

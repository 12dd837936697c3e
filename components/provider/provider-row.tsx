/** One provider in the settings: where its key comes from, and what can be done about it. */
import type { ProviderFacts } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { PathText } from '#components/ui/path-text.tsx';
import { useFocusBack } from '#components/ui/use-focus-back.ts';
import { providerTitles, sourceWords } from './provider-facts.ts';
import { ProviderForm } from './provider-form.tsx';
import { useProviderChanges } from './use-providers.ts';

/** What a row is doing; at most one of a list does anything. */
export type RowMode = 'rest' | 'enter' | 'remove';

export interface ProviderRowProps {
  facts: ProviderFacts;
  mode: RowMode;
  onMode: (mode: RowMode) => void;
  /** Why nothing can be changed now; null when it can. */
  blocked: string | null;
  isOffline: boolean;
}

export function ProviderRow(props: ProviderRowProps) {
  const { facts, mode, onMode, isOffline } = props;
  const title = providerTitles[facts.name];
  const actions = useFocusBack(mode !== 'rest');
  const rest = () => onMode('rest');
  return (
    <li id={facts.name} className="border-line border-b px-4 py-3.5">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <span className={`mark mt-1 ${markOf(facts)}`} aria-hidden="true" />
        <div className="min-w-0 flex-1">
          <h3 className="font-medium">{title}</h3>
          <State facts={facts} />
        </div>
        {mode === 'rest' && (
          <div ref={actions} className="flex gap-2 max-wide:w-full max-wide:*:flex-1">
            <RowActions {...props} title={title} />
          </div>
        )}
      </div>
      {mode === 'enter' && <ProviderForm facts={facts} isOffline={isOffline} onDone={rest} />}
      {mode === 'remove' && <RemoveQuestion facts={facts} isOffline={isOffline} onDone={rest} />}
    </li>
  );
}

function markOf({ hasKey, problem }: ProviderFacts): string {
  if (problem !== null) return 'mark-problem';
  return hasKey ? 'mark-done' : 'mark-idle';
}

function State({ facts }: { facts: ProviderFacts }) {
  const { baseUrl, problem } = facts;
  return (
    <div role="status" className="mt-0.5 text-ink-2">
      <p>{sourceWords(facts)}</p>
      {baseUrl !== null && (
        <p className="mt-0.5 text-ink-3">
          <PathText text={baseUrl} />
        </p>
      )}
      {problem !== null && <p className="mt-1 max-w-[64ch] text-problem">{problem}</p>}
    </div>
  );
}

function RowActions({ facts, onMode, blocked, title }: ProviderRowProps & { title: string }) {
  const { source } = facts;
  const why = blocked ?? undefined;
  return (
    <>
      <Button
        onClick={() => onMode('enter')}
        disabled={blocked !== null}
        title={why}
        aria-label={source === null ? `Enter a key for ${title}` : `Replace the key for ${title}`}
      >
        {source === null ? 'Enter a key' : 'Replace'}
      </Button>
      {source === 'stored' && (
        <Button
          variant="danger"
          onClick={() => onMode('remove')}
          disabled={blocked !== null}
          title={why}
          aria-label={`Remove the key for ${title}`}
        >
          Remove
        </Button>
      )}
    </>
  );
}

interface RemoveQuestionProps {
  facts: ProviderFacts;
  isOffline: boolean;
  onDone: () => void;
}

function RemoveQuestion({ facts, isOffline, onDone }: RemoveQuestionProps) {
  const { remove } = useProviderChanges();
  return (
    <fieldset
      className="flex flex-col gap-3 pt-4 pb-1 wide:ml-6.5"
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
    >
      <legend className="sr-only">Remove the key for {providerTitles[facts.name]}</legend>
      <p className="max-w-[64ch]">
        Omnigent keeps no copy. Agents then use the key that the server was started with, or have none.
      </p>
      {remove.error && (
        <p role="alert" className="text-problem text-xs">
          {failureOf(remove.error).message}
        </p>
      )}
      <div className="flex gap-2 max-wide:*:flex-1">
        <Button autoFocus onClick={onDone}>
          Keep it
        </Button>
        <Button
          variant="danger"
          disabled={remove.isPending || isOffline}
          title={isOffline ? 'Not while offline' : undefined}
          onClick={() => remove.mutate({ name: facts.name }, { onSuccess: onDone })}
        >
          Remove the key
        </Button>
      </div>
    </fieldset>
  );
}

/** One secret in the settings: where it goes, when it was used, and what can be done about it. */
import type { SecretFacts } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { PathText } from '#components/ui/path-text.tsx';
import { useFocusBack } from '#components/ui/use-focus-back.ts';
import { useNow } from '#components/ui/use-now.ts';
import { lastUseWords, sentWords } from './secret-facts.ts';
import { SecretForm } from './secret-form.tsx';
import { useSecretChanges } from './use-secrets.ts';

/** What a row is doing; at most one of the section does anything. */
export type SecretMode = 'rest' | 'replace' | 'remove';

export interface SecretRowProps {
  facts: SecretFacts;
  mode: SecretMode;
  onMode: (mode: SecretMode) => void;
  /** Why nothing can be changed now; null when it can. */
  blocked: string | null;
  isOffline: boolean;
}

export function SecretRow({ facts, mode, onMode, blocked, isOffline }: SecretRowProps) {
  const actions = useFocusBack(mode !== 'rest');
  const rest = () => onMode('rest');
  const may = { disabled: blocked !== null, title: blocked ?? undefined };
  return (
    <li className="border-line border-b px-4 py-3.5">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <span className={`mark mt-1 ${facts.problem === null ? 'mark-done' : 'mark-problem'}`} aria-hidden="true" />
        <div className="min-w-0 flex-1">
          <h3 className="mono font-medium">{facts.name}</h3>
          <State facts={facts} />
        </div>
        {mode === 'rest' && (
          <div ref={actions} className="flex gap-2 max-wide:w-full max-wide:*:flex-1">
            <Button {...may} onClick={() => onMode('replace')} aria-label={`Replace the secret ${facts.name}`}>
              Replace
            </Button>
            <Button
              {...may}
              variant="danger"
              onClick={() => onMode('remove')}
              aria-label={`Remove the secret ${facts.name}`}
            >
              Remove
            </Button>
          </div>
        )}
      </div>
      {mode === 'replace' && <SecretForm facts={facts} isOffline={isOffline} onDone={rest} />}
      {mode === 'remove' && <RemoveQuestion facts={facts} isOffline={isOffline} onDone={rest} />}
    </li>
  );
}

function State({ facts }: { facts: SecretFacts }) {
  const now = useNow('coarse');
  return (
    <div role="status" className="mt-0.5 text-ink-2">
      <p>
        <PathText text={`${facts.origin}${facts.pathPrefix}`} />
      </p>
      <p className="mt-0.5 text-ink-3">
        {sentWords(facts)}. {lastUseWords(facts, now)}.
      </p>
      {facts.problem !== null && <p className="mt-1 max-w-[64ch] text-problem">{facts.problem}</p>}
    </div>
  );
}

interface RemoveQuestionProps {
  facts: SecretFacts;
  isOffline: boolean;
  onDone: () => void;
}

function RemoveQuestion({ facts, isOffline, onDone }: RemoveQuestionProps) {
  const { remove } = useSecretChanges();
  return (
    <fieldset
      className="flex flex-col gap-3 pt-4 pb-1 wide:ml-6.5"
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
    >
      <legend className="sr-only">Remove the secret {facts.name}</legend>
      <p className="max-w-[64ch]">
        Omnigent keeps no copy. Agents that work with it are refused from the next request on.
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
          Remove the secret
        </Button>
      </div>
    </fieldset>
  );
}

/** Ends a session: asks what happens with its checkout, and says what did. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { Dialog, DialogActions, DialogBody } from '#components/ui/dialog.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { Notice } from '#components/ui/notice.tsx';
import { PathText } from '#components/ui/path-text.tsx';
import { fateWords } from './checkout-fate.ts';
import { isOpenTerminal, type SessionView } from './session-facts.ts';

type Choice = 'if-saved' | 'discard';

const choices: readonly { value: Choice; label: string; detail: string }[] = [
  {
    value: 'if-saved',
    label: 'Keep unsaved work',
    detail: 'The checkout is removed only if nothing would be lost. Otherwise it stays on disk and you are told why.',
  },
  {
    value: 'discard',
    label: 'Discard the checkout',
    detail: 'Everything in it goes, also work that was never committed. This cannot be undone.',
  },
];

export function EndDialog({ view, onClose }: { view: SessionView; onClose: () => void }) {
  const [choice, setChoice] = useState<Choice>('if-saved');
  const end = useMutation(useTRPC().session.end.mutationOptions());
  const open = view.terminals.filter(isOpenTerminal).length;
  if (end.data) return <EndedDialog view={view} result={end.data} onClose={onClose} />;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`End ${view.name}?`}
      description={
        open > 0
          ? `${formatNoun(open, 'terminal')} and what runs in ${open === 1 ? 'it' : 'them'} will stop. The log and the recordings stay.`
          : 'The log and the recordings stay.'
      }
      width={480}
    >
      <DialogBody>
        <fieldset className="flex flex-col gap-1">
          <legend className="sr-only">What happens with the checkout</legend>
          {choices.map((each) => (
            <label
              key={each.value}
              className="-mx-2 flex cursor-pointer items-start gap-2.5 rounded-2 px-2 py-1.5 hover:bg-hover has-checked:bg-active"
            >
              <input
                type="radio"
                name="checkout"
                checked={choice === each.value}
                onChange={() => setChoice(each.value)}
                className="mt-0.5 size-3.5 accent-(--accent-solid) max-wide:size-5"
              />
              <span>
                {each.label}
                <span className="block text-ink-2 text-xs">{each.detail}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {end.error && (
          <Notice tone="problem" title="The session was not ended">
            {failureOf(end.error).message}
          </Notice>
        )}
      </DialogBody>
      <DialogActions>
        <span className="flex-1 max-wide:hidden" />
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant={choice === 'discard' ? 'danger' : 'primary'}
          className={choice === 'discard' ? 'border-problem-line bg-problem-tint' : ''}
          disabled={end.isPending}
          onClick={() => end.mutate({ session: view.id, discard: choice === 'discard' })}
        >
          {end.isPending ? 'Ending' : choice === 'discard' ? 'End and discard' : 'End session'}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface EndedProps {
  view: SessionView;
  result: { checkout: keyof typeof fateWords; reason: string | null };
  onClose: () => void;
}

function EndedDialog({ view, result, onClose }: EndedProps) {
  const isKept = result.checkout === 'kept';
  return (
    <Dialog open onClose={onClose} title={`${view.name} has ended`} width={480}>
      <DialogBody>
        <p className="flex items-start gap-2.5">
          <span className={`mark mt-1 ${isKept ? 'mark-needs' : 'mark-done'}`} aria-hidden="true" />
          <span>
            {fateWords[result.checkout]}
            {result.reason && <span className="block text-ink-2">{result.reason}</span>}
          </span>
        </p>
        {isKept && (
          <p className="flex items-center gap-2 rounded-2 border border-line bg-well py-1 pr-1 pl-3">
            <span className="min-w-0 flex-1">
              <PathText text={view.checkout} />
            </span>
            <CopyButton text={view.checkout} label="Copy the path" />
          </p>
        )}
      </DialogBody>
      <DialogActions>
        <span className="flex-1 max-wide:hidden" />
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** The bar under the list while several questions are selected, and what could not be decided of them, one by one. */
import { Button } from '#components/ui/button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { actionText } from '#protocol/action-text.ts';
import { DenyForm } from './decide-forms.tsx';
import type { Batch, BatchFailure } from './use-batch.ts';

/** `more`: how many of the same kind are not selected yet. */
export function BatchBar({ batch, more, onMore }: { batch: Batch; more: number; onMore: () => void }) {
  const { selected, failures, isAsking } = batch;
  if (selected.size === 0 && failures.length === 0) return null;
  return (
    <section
      aria-label="Selected questions"
      className="flex flex-none flex-col gap-2 border-line border-t bg-bg px-4 py-3 max-wide:pb-6"
    >
      {failures.length > 0 && <Failures failures={failures} onClose={batch.clear} />}
      {selected.size > 0 && !isAsking && <Choices {...{ batch, more, onMore }} />}
      {selected.size > 0 && isAsking && (
        <DenyForm
          many={selected.size}
          isDisabled={batch.isDisabled}
          onRun={(decision) => void batch.run(decision)}
          onCancel={() => batch.setAsking(false)}
        />
      )}
    </section>
  );
}

function Choices({ batch, more, onMore }: { batch: Batch; more: number; onMore: () => void }) {
  const { selected, isOneKind, isDisabled, left } = batch;
  const count = selected.size;
  return (
    <>
      <div className="flex min-h-6 items-center gap-2">
        <span role="status" className="num flex-1">
          {left > 0 ? `Deciding, ${left} left` : `${formatNoun(count, 'question')} selected`}
        </span>
        {more > 0 && isOneKind && (
          <Button size="small" variant="quiet" cap="l" onClick={onMore}>
            {more} more like {count === 1 ? 'it' : 'these'}
          </Button>
        )}
      </div>
      {!isOneKind && (
        <p className="text-ink-2 text-xs">They are of different kinds; only one kind is decided at once.</p>
      )}
      <div className="flex items-center gap-2 max-wide:*:h-12">
        <Button
          variant="primary"
          cap="a"
          disabled={isDisabled}
          onClick={() => void batch.run({ decision: 'approved' })}
          className="max-wide:order-3 max-wide:flex-1"
        >
          Approve {count}
        </Button>
        <Button variant="quiet" cap="esc" disabled={left > 0} onClick={batch.clear}>
          Clear
        </Button>
        <span className="flex-1 max-wide:hidden" />
        <Button
          variant="danger"
          cap="d"
          disabled={isDisabled}
          onClick={() => batch.setAsking(true)}
          className="border-line-strong! max-wide:order-2 max-wide:flex-1"
        >
          Deny {count}
        </Button>
      </div>
    </>
  );
}

function Failures({ failures, onClose }: { failures: readonly BatchFailure[]; onClose: () => void }) {
  return (
    <div role="alert" className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <p className="text-problem">{formatNoun(failures.length, 'question')} not decided</p>
        <ul className="max-h-40 overflow-y-auto text-xs">
          {failures.map(({ approval, message }) => (
            <li key={approval.id} className="pt-1 [overflow-wrap:anywhere]">
              <code className="block truncate">
                <ExactText text={actionText(approval)} />
              </code>
              <span className="text-ink-2">{message}</span>
            </li>
          ))}
        </ul>
      </div>
      <Button size="small" onClick={onClose}>
        Understood
      </Button>
    </div>
  );
}

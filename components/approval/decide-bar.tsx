/** The buttons that decide, always in the same order, with what they ask for: an edited command, or a note. */
import { useEffect, useRef, useState } from 'react';
import type { Approval } from '#components/api/api.ts';
import { useConnection } from '#components/api/provider.tsx';
import { Button } from '#components/ui/button.tsx';
import { asSentence } from '#components/ui/format.ts';
import { type Decision, useDecide } from './use-inbox.ts';

export type Mode = 'plain' | 'edit' | 'deny';

export interface DecideBarProps {
  approval: Approval;
  mode: Mode;
  onMode: (mode: Mode) => void;
  /** With the keys of the inbox on the buttons. */
  hasKeys?: boolean;
}

const fieldClass =
  'w-full rounded-2 border border-control-line bg-well px-2.5 py-1.5 outline-none focus-visible:outline-(--focus) max-wide:text-base';

export function DecideBar({ approval, mode, onMode, hasKeys = false }: DecideBarProps) {
  const decide = useDecide();
  const isOffline = useConnection().kind === 'offline';
  const [failure, setFailure] = useState<string | null>(null);
  const run = async (decision: Decision) => {
    const failed = await decide.run(approval, decision);
    setFailure(failed ? asSentence(failed.message) : null);
    if (!failed) onMode('plain');
  };
  const isDisabled = decide.isPending || isOffline;
  const cap = (key: string) => (hasKeys ? key : undefined);
  return (
    <div className="flex flex-col gap-2">
      {failure !== null && (
        <p role="alert" className="text-problem">
          {failure}
        </p>
      )}
      {isOffline && <p className="text-ink-3 text-xs">The server cannot be reached, so nothing can be decided now.</p>}
      {mode === 'edit' && (
        <EditForm approval={approval} isDisabled={isDisabled} onRun={run} onCancel={() => onMode('plain')} />
      )}
      {mode === 'deny' && <DenyForm isDisabled={isDisabled} onRun={run} onCancel={() => onMode('plain')} />}
      {mode === 'plain' && (
        <div className="flex flex-wrap items-center gap-2 max-wide:grid max-wide:grid-cols-2">
          <Button
            variant="primary"
            cap={cap('a')}
            disabled={isDisabled}
            onClick={() => void run({ decision: 'approved' })}
            className="max-wide:order-4 max-wide:h-12"
          >
            Approve
          </Button>
          {approval.command !== null && (
            <Button cap={cap('e')} disabled={isDisabled} onClick={() => onMode('edit')} className="max-wide:h-12">
              Edit, then approve
            </Button>
          )}
          <Button
            cap={cap('s')}
            disabled={isDisabled}
            onClick={() => void run({ decision: 'approved', forSession: true })}
            className="max-wide:h-12"
          >
            Allow for session
          </Button>
          <span className="flex-1 max-wide:hidden" />
          <Button
            variant="danger"
            cap={cap('d')}
            disabled={isDisabled}
            onClick={() => onMode('deny')}
            className="border-line-strong max-wide:order-3 max-wide:h-12"
          >
            Deny with a note
          </Button>
        </div>
      )}
    </div>
  );
}

interface FormProps {
  isDisabled: boolean;
  onRun: (decision: Decision) => Promise<void>;
  onCancel: () => void;
}

/** The field has the keyboard at once; Escape leaves it. */
function useField(onCancel: () => void) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return {
    ref: field,
    onKeyDown: (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
      if (event.key === 'Escape') onCancel();
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
    },
  };
}

function EditForm({ approval, isDisabled, onRun, onCancel }: FormProps & { approval: Approval }) {
  const [text, setText] = useState(approval.command ?? '');
  const field = useField(onCancel);
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void onRun({ decision: 'approved', edit: text });
      }}
    >
      <label htmlFor="edited-command" className="font-medium">
        Command to run instead
      </label>
      <textarea
        {...field}
        id="edited-command"
        rows={4}
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        className={`mono ${fieldClass}`}
      />
      <p className="text-ink-3 text-xs">It is judged like any other command, and the agent is told.</p>
      <div className="flex gap-2">
        <Button type="submit" variant="primary" disabled={isDisabled || text.trim() === ''}>
          Approve as edited
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

function DenyForm({ isDisabled, onRun, onCancel }: FormProps) {
  const [note, setNote] = useState('');
  const field = useField(onCancel);
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (note.trim() !== '') void onRun({ decision: 'denied', note: note.trim() });
      }}
    >
      <label htmlFor="denial-note" className="font-medium">
        Note for the agent
      </label>
      <textarea
        {...field}
        id="denial-note"
        rows={2}
        maxLength={2_000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        placeholder="Why not, and what to do instead"
        className={fieldClass}
      />
      <div className="flex gap-2">
        <Button
          type="submit"
          variant="danger"
          className="border-line-strong"
          disabled={isDisabled || note.trim() === ''}
        >
          Deny
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

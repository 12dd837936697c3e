/** What a decision asks for: another command to run, or a note for the agent. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import type { Decision } from './use-decision.ts';

export interface FormProps {
  isDisabled: boolean;
  onRun: (decision: Decision) => unknown;
  onCancel: () => void;
}

const fieldClass =
  'w-full rounded-2 border border-control-line bg-well px-2.5 py-1.5 outline-none focus-visible:outline-(--focus) max-wide:text-base';
const rowClass = 'flex gap-2 max-wide:*:h-12 max-wide:*:flex-1';

/** The field has the keyboard at once; Escape leaves it. */
function useField(onCancel: () => void) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return {
    ref: field,
    id: useId(),
    onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => {
      if (event.key === 'Escape') onCancel();
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
    },
  };
}

export function EditForm({ command, isDisabled, onRun, onCancel }: FormProps & { command: string }) {
  const [text, setText] = useState(command);
  const field = useField(onCancel);
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onRun({ decision: 'approved', edit: text });
      }}
    >
      <label htmlFor={field.id} className="font-medium">
        Command to run instead
      </label>
      <textarea
        {...field}
        rows={4}
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        className={`mono ${fieldClass}`}
      />
      <p className="text-ink-3 text-xs">It is judged like any other command, and the agent is told.</p>
      <div className={rowClass}>
        <Button type="submit" variant="primary" cap="⌘↵" disabled={isDisabled || text.trim() === ''}>
          Approve as edited
        </Button>
        <Button cap="esc" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** `many`: how many questions it denies at once. */
export function DenyForm({ isDisabled, onRun, onCancel, many = 1 }: FormProps & { many?: number }) {
  const [note, setNote] = useState('');
  const field = useField(onCancel);
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (note.trim() !== '') onRun({ decision: 'denied', note: note.trim() });
      }}
    >
      <label htmlFor={field.id} className="font-medium">
        Note for the agent
      </label>
      <textarea
        {...field}
        rows={2}
        maxLength={2_000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        placeholder="Why not, and what to do instead"
        className={fieldClass}
      />
      <div className={rowClass}>
        <Button
          type="submit"
          variant="danger"
          cap="⌘↵"
          className="border-line-strong!"
          disabled={isDisabled || note.trim() === ''}
        >
          {many > 1 ? `Deny ${many}` : 'Deny'}
        </Button>
        <Button cap="esc" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** Starts a session: a folder, an agent with its first prompt, and what few need to say. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Folder } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { Button } from '#components/ui/button.tsx';
import { Dialog, DialogActions, DialogBody } from '#components/ui/dialog.tsx';
import { Field } from '#components/ui/field.tsx';
import { Icon } from '#components/ui/icon.tsx';
import { Notice } from '#components/ui/notice.tsx';
import { AgentKey } from './agent-key.tsx';
import { writeDraft, writeUnsent } from './draft-store.ts';
import {
  checkNewSession,
  type NewSession,
  type Problems,
  problemsOf,
  recentFolders,
  unsentWords,
} from './new-session.ts';
import { AgentField, PromptField } from './new-session-agent.tsx';
import { MoreFields } from './new-session-more.tsx';
import { SandboxMissing } from './new-session-sandbox.tsx';
import { folderName } from './session-facts.ts';

const shownFolders = 4;

const empty: NewSession = {
  dir: '',
  workspace: '',
  name: '',
  harness: '',
  prompt: '',
  program: '',
  includeChanges: true,
  hasNoSandbox: false,
};

/** The form, what is wrong with it, and the calls that make a session of it. */
function useNewSession(onClose: () => void) {
  const trpc = useTRPC();
  const router = useRouter();
  const [form, setForm] = useState(empty);
  const [problems, setProblems] = useState<Problems>({});
  const create = useMutation(trpc.session.create.mutationOptions());
  const send = useMutation(trpc.turn.send.mutationOptions());
  /** The session is there whatever becomes of its prompt: one that was not sent waits in its composer. */
  const sendFirst = (session: string, prompt: string) =>
    send.mutateAsync({ session, prompt }).catch((cause: unknown) => {
      writeDraft(session, prompt);
      writeUnsent(session, unsentWords(failureOf(cause)));
    });
  const start = async (event: FormEvent) => {
    event.preventDefault();
    const checked = checkNewSession(form);
    setProblems(checked.ok ? {} : checked.problems);
    if (!checked.ok) return;
    try {
      const { sessionId } = await create.mutateAsync(checked.input);
      if (checked.prompt !== null) await sendFirst(sessionId, checked.prompt);
      onClose();
      router.push(`/sessions/${sessionId}`);
    } catch (cause) {
      setProblems(problemsOf(failureOf(cause)));
    }
  };
  const change = (part: Partial<NewSession>) => setForm({ ...form, ...part });
  return { form, change, problems, start, isPending: create.isPending || send.isPending };
}

export function NewSessionDialog({ onClose }: { onClose: () => void }) {
  const { data } = useQuery(useTRPC().session.list.queryOptions({ limit: 100 }));
  const folders = recentFolders(data?.sessions ?? []).slice(0, shownFolders);
  const folderField = useRef<HTMLInputElement>(null);
  const { form, change, problems, start, isPending } = useNewSession(onClose);
  return (
    <Dialog open onClose={onClose} title="New session" initialFocus={folderField}>
      <form onSubmit={(event) => void start(event)} noValidate className="flex min-h-0 flex-col">
        <DialogBody>
          {problems.form && (
            <Notice tone="problem" title="The session was not started">
              {problems.form}
            </Notice>
          )}
          <SandboxMissing isChosen={form.hasNoSandbox} />
          <FolderField
            inputRef={folderField}
            value={form.dir}
            problem={problems.dir ?? null}
            folders={folders}
            onChange={(dir) => change({ dir })}
          />
          <AgentField value={form.harness} onChange={(harness) => change({ harness })} />
          {form.harness !== '' && <AgentKey harness={form.harness} onLeave={onClose} />}
          {form.harness !== '' && <PromptField value={form.prompt} onChange={(prompt) => change({ prompt })} />}
          <MoreFields form={form} problems={problems} onChange={change} />
        </DialogBody>
        <DialogActions>
          <span className="flex-1 text-ink-3 text-xs max-wide:hidden">
            Works on its own copy, on its own branch. Your folder is never written to.
          </span>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={isPending} cap="↵">
            {isPending ? 'Starting' : 'Start'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface FolderFieldProps {
  inputRef: React.RefObject<HTMLInputElement | null>;
  value: string;
  problem: string | null;
  folders: readonly string[];
  onChange: (folder: string) => void;
}

function FolderField({ inputRef, value, problem, folders, onChange }: FolderFieldProps) {
  const list = useRef<HTMLUListElement>(null);
  /** The arrow keys walk from the field through the recent folders and back, so that Tab goes to the next field. */
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const stops: (Element | null)[] = [inputRef.current, ...(list.current?.querySelectorAll('button') ?? [])];
    const at = stops.indexOf(document.activeElement);
    const next = stops[Math.min(stops.length - 1, Math.max(0, at + by))];
    if (next instanceof HTMLElement) next.focus();
  };
  return (
    <div className="flex flex-col gap-1.5">
      <Field
        ref={inputRef}
        label="Repository or folder"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={step}
        problem={problem}
        placeholder="/home/you/project"
        isMono
        autoComplete="off"
        spellCheck={false}
      />
      {folders.length > 0 && (
        <ul ref={list} aria-label="Recent folders, arrow keys move" className="-mx-1.5">
          {folders.map((folder) => (
            <li key={folder}>
              <button
                type="button"
                tabIndex={-1}
                onKeyDown={step}
                onClick={() => {
                  onChange(folder);
                  inputRef.current?.focus();
                }}
                aria-pressed={folder === value}
                className="focus-inside flex h-7 w-full items-center gap-2 rounded-1 px-1.5 text-left hover:bg-hover aria-pressed:bg-active max-wide:h-11"
              >
                <Icon icon={Folder} className="text-ink-3" />
                <span className="flex-none">{folderName(folder)}</span>
                <span className="mono-xs min-w-0 flex-1 truncate text-ink-3">{folder}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

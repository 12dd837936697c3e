/** The agent of a new session and what it is asked first. */
import { useId } from 'react';
import { Button } from '#components/ui/button.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { TextArea } from '#components/ui/text-area.tsx';
import { TerminalMark } from './terminal-mark.tsx';
import { type HarnessFacts, useHarnesses, useHarnessInstall } from './use-harnesses.ts';

const choiceClass =
  'focus-inside flex h-8 items-center gap-2 rounded-2 border px-2.5 text-left disabled:opacity-50 max-wide:h-12';

export function AgentField({ value, onChange }: { value: string; onChange: (harness: string) => void }) {
  const harnesses = useHarnesses();
  const choices = [
    { type: '', title: 'No agent, a terminal', problem: null as string | null },
    ...harnesses.filter(({ problem }) => problem === null),
  ];
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">Agent</legend>
      <div className="grid grid-cols-2 gap-1.5 max-wide:grid-cols-1">
        {choices.map(({ type, title }) => (
          <button
            key={type}
            type="button"
            aria-pressed={value === type}
            onClick={() => onChange(type)}
            className={classNames(
              choiceClass,
              value === type ? 'border-accent-solid bg-active' : 'border-line-strong hover:bg-hover',
            )}
          >
            {type !== '' && <TerminalMark name={title} />}
            <span className="min-w-0 flex-1 truncate">{title}</span>
          </button>
        ))}
      </div>
      <MissingAgents harnesses={harnesses} />
    </fieldset>
  );
}

/** Agents that this machine lacks, with the way to get each; faces of one agent are one. */
function MissingAgents({ harnesses }: { harnesses: readonly HarnessFacts[] }) {
  const { run, pending, failure } = useHarnessInstall();
  const missing = harnesses.filter(
    ({ problem, family }, at) => problem !== null && harnesses.findIndex((each) => each.family === family) === at,
  );
  return (
    <>
      {missing.map(({ type, title, problem, isInstallable }) => (
        <div key={type} className="flex items-center gap-2 text-ink-3 text-xs">
          <span className="min-w-0 flex-1">{isInstallable ? `${title} is not installed here` : problem}</span>
          {isInstallable && (
            <Button size="small" disabled={pending !== null} onClick={() => run(type)}>
              {pending === type ? `Installing ${title}` : `Install ${title}`}
            </Button>
          )}
        </div>
      ))}
      {failure && (
        <p role="alert" className="text-problem text-xs">
          {failure.message}
        </p>
      )}
    </>
  );
}

export function PromptField({ value, onChange }: { value: string; onChange: (prompt: string) => void }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        First prompt
      </label>
      <TextArea
        id={id}
        rows={3}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="May be left out"
      />
    </div>
  );
}

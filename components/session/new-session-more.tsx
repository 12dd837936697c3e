/** What few need to say of a new session: its rules, first program, sandbox and name. */
import { CheckField } from '#components/ui/check-field.tsx';
import { Disclosure } from '#components/ui/disclosure.tsx';
import { Field } from '#components/ui/field.tsx';
import type { NewSession, Problems } from './new-session.ts';
import { folderName } from './session-facts.ts';

export interface MoreFieldsProps {
  form: NewSession;
  problems: Problems;
  onChange: (part: Partial<NewSession>) => void;
}

export function MoreFields({ form, problems, onChange }: MoreFieldsProps) {
  return (
    <Disclosure
      label="Rules, name and more"
      isOpen={Boolean(problems.name || problems.workspace || problems.program || problems.sandbox)}
    >
      <div className="flex flex-col gap-4">
        <Field
          label="Workspace file"
          value={form.workspace}
          onChange={(event) => onChange({ workspace: event.target.value })}
          problem={problems.workspace ?? null}
          placeholder="omnigent.yaml"
          help="The rules that agents work by. Without one everything is recorded and let through."
          isMono
          autoComplete="off"
          spellCheck={false}
        />
        {form.harness === '' && (
          <Field
            label="Program"
            value={form.program}
            onChange={(event) => onChange({ program: event.target.value })}
            problem={problems.program ?? null}
            placeholder="Your login shell"
            help="What runs in the first terminal. More can be opened later."
            isMono
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <CheckField
          label="Include uncommitted changes"
          help="Modified and untracked files come along; ignored ones stay."
          checked={form.includeChanges}
          onChange={(includeChanges) => onChange({ includeChanges })}
        />
        <CheckField
          label="Without a sandbox"
          help="Its programs may read and change whatever their user may. Nothing is allowed without a person then."
          checked={form.hasNoSandbox}
          problem={problems.sandbox ?? null}
          onChange={(hasNoSandbox) => onChange({ hasNoSandbox })}
        />
        <Field
          label="Name"
          value={form.name}
          onChange={(event) => onChange({ name: event.target.value })}
          problem={problems.name ?? null}
          placeholder={form.dir ? folderName(form.dir) : 'From the folder'}
          autoComplete="off"
        />
      </div>
    </Disclosure>
  );
}

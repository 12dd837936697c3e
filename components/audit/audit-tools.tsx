/** The audit's bar: words, who, about what, the export of what is shown, and the check of the chain. */
import { Download, ListFilter, ShieldCheck } from 'lucide-react';
import { useRef } from 'react';
import { useShortcuts } from '#components/shell/use-shortcuts.ts';
import { Button } from '#components/ui/button.tsx';
import { anyChoice, ChipMenu, chipClass } from '#components/ui/chip-menu.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatCount, formatNoun } from '#components/ui/format.ts';
import { Icon } from '#components/ui/icon.tsx';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { type AuditFilter, nounsOf } from './audit-filter.ts';
import type { Audit } from './use-audit.ts';
import { useExport } from './use-export.ts';

export interface AuditToolsProps {
  audit: Audit;
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

export function AuditTools({ audit, filter, onFilter }: AuditToolsProps) {
  const people = audit.people.map(({ personId, name }) => ({ value: personId as string, label: name }));
  const exported = useExport(audit.input);
  const isForbidden = audit.failure?.code === 'auth.forbidden';
  const nouns = nounsOf(audit.types).map((noun) => ({ value: noun, label: noun }));
  return (
    <section
      aria-label="Filter and check"
      className="flex min-h-11 flex-none flex-wrap items-center gap-2 px-4 py-2 max-wide:px-3"
    >
      <WordsField value={filter.text} onChange={(text) => onFilter({ ...filter, text })} />
      <ChipMenu
        label="Person"
        value={filter.principal ?? anyChoice}
        choices={[{ value: anyChoice, label: 'anyone' }, ...people]}
        onChange={(principal) => onFilter({ ...filter, principal: principal === anyChoice ? null : principal })}
      />
      <ChipMenu
        label="About"
        value={filter.noun ?? anyChoice}
        choices={[{ value: anyChoice, label: 'anything' }, ...nouns]}
        onChange={(noun) => onFilter({ ...filter, noun: noun === anyChoice ? null : noun })}
      />
      <span className="flex-1 max-wide:hidden" />
      <CheckResult audit={audit} />
      <ExportResult exported={exported} />
      <Button
        icon={Download}
        title="What the filter shows, one record a line, as JSON"
        onClick={exported.run}
        disabled={isForbidden || exported.count !== null}
      >
        {exported.count === null ? 'Export' : `Exporting ${formatCount(exported.count)}`}
      </Button>
      <Button icon={ShieldCheck} onClick={audit.check.run} disabled={isForbidden || audit.check.isRunning}>
        {audit.check.isRunning ? 'Checking' : 'Check the chain'}
      </Button>
    </section>
  );
}

function WordsField({ value, onChange }: { value: string; onChange: (words: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts('list', { filter: () => input.current?.focus() });
  return (
    <span className={classNames(chipClass, 'cursor-text focus-within:border-accent-solid max-wide:w-full')}>
      <Icon icon={ListFilter} />
      <input
        ref={input}
        aria-label="Words in a record"
        placeholder="Words in a record"
        maxLength={200}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          if (value === '') event.currentTarget.blur();
          onChange('');
        }}
        className="w-56 bg-transparent text-ink outline-none placeholder:text-ink-2 max-wide:w-auto max-wide:flex-1"
      />
      <KeyCap cap="f" />
    </span>
  );
}

function ExportResult({ exported: { failure, isCut } }: { exported: ReturnType<typeof useExport> }) {
  if (failure) {
    return (
      <p role="alert" className="text-problem text-xs">
        Not exported: {failure.message}
      </p>
    );
  }
  return isCut ? (
    <p role="status" className="text-needs text-xs">
      The newest are in the file; <code>omnigent audit export</code> writes all
    </p>
  ) : null;
}

function CheckResult({ audit: { check } }: { audit: Audit }) {
  if (check.isRunning) return null;
  if (check.failure) {
    return (
      <p role="alert" className="text-problem text-xs">
        Not checked: {check.failure.message}
      </p>
    );
  }
  if (!check.result) return null;
  if (!check.result.ok) {
    const { chain, seq, why } = check.result.firstBad;
    return (
      <p role="alert" className="font-medium text-problem text-xs">
        Record {seq} of <code>{chain}</code> is {why}
      </p>
    );
  }
  const { rows, head } = check.result;
  return (
    <p role="status" className="text-done text-xs">
      {formatNoun(rows, 'record')} hold, head <code title={head}>{head.slice(0, 12)}</code>
    </p>
  );
}

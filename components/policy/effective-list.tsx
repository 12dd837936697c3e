/** The rules in force, by whose they are: what each says, under which condition, and what it says in the shadow. */
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatNoun } from '#components/ui/format.ts';
import { PathText } from '#components/ui/path-text.tsx';
import type { Effective, EffectiveRule } from './use-policy.ts';
import { VerdictWord } from './verdict-word.tsx';

const owners = {
  server: 'This server',
  workspace: 'Workspace file',
  session: 'This session',
} as const;

export function EffectiveList({ effective }: { effective: Effective }) {
  const { policies, shadows } = effective;
  if (policies.length === 0) {
    return (
      <p className="px-4 py-3 text-ink-2">
        No rules are in force here: every action is recorded and let through. Write some on the right, or start a
        session with a workspace file.
      </p>
    );
  }
  return policies.map(({ level, file, hash, warnings, rules }) => (
    <section key={level} aria-label={owners[level]} className="border-line border-b">
      <header className="flex min-h-9 items-center gap-2 px-4 pt-2 text-xs">
        <h2 className="flex-none font-medium">{owners[level]}</h2>
        {file !== null && (
          <span className="min-w-0 text-ink-3">
            <PathText text={file} />
          </span>
        )}
        <span className="flex-1" />
        <code title={hash} className="text-ink-3">
          {hash.slice(0, 8)}
        </code>
      </header>
      {warnings.map((warning) => (
        <p key={warning} role="note" className="px-4 py-1 text-needs text-xs [overflow-wrap:anywhere]">
          <ExactText text={warning} />
        </p>
      ))}
      <ol className="pb-2">
        {rules.map((rule) => (
          <Rule key={rule.rule} rule={rule} shadow={shadows.filter((each) => each.rule === rule.rule)} />
        ))}
      </ol>
    </section>
  ));
}

function Rule({ rule, shadow }: { rule: EffectiveRule; shadow: Effective['shadows'] }) {
  const count = shadow.reduce((sum, each) => sum + each.count, 0);
  const { when, preset, says, demand } = rule;
  return (
    <li className="grid grid-cols-[56px_minmax(0,1fr)] gap-x-2 px-4 py-1.5">
      <span>
        {rule.verdict === null ? (
          <span className="text-ink-3 text-xs">Limit</span>
        ) : (
          <VerdictWord verdict={rule.verdict} isQuiet={rule.isShadow} />
        )}
      </span>
      <div className="flex min-w-0 flex-col gap-0.5">
        <span className={when === null && rule.verdict === 'deny' ? 'mono break-words' : ''}>
          <ExactText text={says} />
        </span>
        {when !== null && when !== says && (
          <code className="whitespace-pre-wrap break-words text-ink-2 text-xs">
            <ExactText text={when} />
          </code>
        )}
        {demand !== null && <span className="text-ink-2 text-xs">{demand}</span>}
        <span className="text-2xs text-ink-3">
          <code>{rule.rule}</code>
          {preset !== null && <>, preset {preset}</>}
          {rule.isShadow && (
            <span className="text-ink-2">
              , in the shadow:{' '}
              {count === 0 ? 'would not have spoken yet' : `would have spoken ${formatNoun(count, 'time')}`}
            </span>
          )}
        </span>
      </div>
    </li>
  );
}

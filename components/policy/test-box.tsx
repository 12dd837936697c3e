/** The test box: an imagined action, what it would touch, and what the rules say of it. Nothing happens. */
import { useDeferredValue, useState } from 'react';
import { ChipMenu } from '#components/ui/chip-menu.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { TextArea } from '#components/ui/text-area.tsx';
import { type Subject, type TestResult, useTest } from './use-policy.ts';
import { VerdictWord } from './verdict-word.tsx';

const kinds = [
  { value: 'command', label: 'runs' },
  { value: 'read', label: 'reads' },
  { value: 'write', label: 'writes' },
  { value: 'delete', label: 'deletes' },
  { value: 'GET', label: 'GET' },
  { value: 'POST', label: 'POST' },
];

function subjectOf(kind: string, text: string): Subject | null {
  if (text.trim() === '') return null;
  if (kind === 'command') return { kind, text };
  if (kind === 'GET' || kind === 'POST') return { kind: 'request', method: kind, url: text.trim() };
  return { kind: 'path', op: kind as 'read' | 'write' | 'delete', path: text.trim() };
}

export function TestBox({ session }: { session: string | null }) {
  const [kind, setKind] = useState('command');
  const [text, setText] = useState('');
  const subject = useDeferredValue(subjectOf(kind, text));
  const { result, isOld, isWaiting, failure } = useTest(session, subject);
  return (
    <section aria-label="Test box" className="border-line border-b px-6 py-4 max-wide:px-4">
      <h2 className="mb-2 font-medium">Test box</h2>
      <div className="flex items-start gap-2 max-wide:flex-col [&>button]:mt-1">
        <ChipMenu label="An agent" value={kind} choices={kinds} onChange={setKind} />
        <TextArea
          aria-label="What it does"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={
            kind === 'command'
              ? 'git push --force'
              : kind === 'GET' || kind === 'POST'
                ? 'https://example.com/'
                : 'src/main.ts'
          }
          rows={Math.min(8, Math.max(1, text.split('\n').length))}
          maxLength={32_768}
          isMono
          className="min-h-8 flex-1"
        />
      </div>
      <div aria-live="polite" className="mt-3">
        {failure && <p className="text-problem">Not judged: {failure.message}</p>}
        {isWaiting && <p className="text-needs">Not judged yet: the server cannot be reached.</p>}
        {result && !failure && !isWaiting && <Result result={result} isOld={isOld} />}
        {subject === null && (
          <p className="text-ink-3">Write what an agent could do; it is judged as you type, and nothing happens.</p>
        )}
      </div>
    </section>
  );
}

/** `isOld`: it is about what was written before, and stands only until the next answer is there. */
export function Result({ result, isOld }: { result: TestResult; isOld: boolean }) {
  const { verdict, rule, reasons, facts } = result;
  return (
    <dl
      aria-busy={isOld}
      className={classNames('grid grid-cols-[88px_minmax(0,1fr)] gap-x-3 gap-y-1.5', isOld && 'opacity-50')}
    >
      <dt>
        <VerdictWord verdict={verdict} isQuiet={isOld} />
      </dt>
      <dd className="flex flex-col gap-0.5">
        <code>{rule}</code>
        {reasons.slice(0, 4).map((reason) => (
          <span key={reason} className="text-ink-2">
            {reason}
          </span>
        ))}
      </dd>
      {facts.commands.length > 0 && <dt className="text-ink-3">Commands</dt>}
      {facts.commands.length > 0 && (
        <dd>
          {facts.commands.slice(0, 20).map((command, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the commands of one text never move
            <div key={index} className="flex gap-2">
              <span className="w-16 flex-none text-ink-2">{command.effect}</span>
              <code className="min-w-0 break-words">
                <ExactText text={command.argv.join(' ')} />
              </code>
            </div>
          ))}
        </dd>
      )}
      {facts.paths.length > 0 && <dt className="text-ink-3">Files</dt>}
      {facts.paths.length > 0 && (
        <dd>
          {facts.paths.slice(0, 20).map((path, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the files of one text never move
            <div key={index} className="flex gap-2">
              <span className="w-16 flex-none text-ink-2">{path.effect}</span>
              <code className="min-w-0 break-words">
                <ExactText text={path.path} />
              </code>
              {path.restricted && <span className="text-problem">restricted</span>}
              {!path.restricted && !path.isInBase && <span className="text-needs">outside of the folder</span>}
            </div>
          ))}
        </dd>
      )}
      {facts.hosts.length > 0 && <dt className="text-ink-3">Hosts</dt>}
      {facts.hosts.length > 0 && (
        <dd>{facts.hosts.map((host) => (host === '*' ? 'one that is not known' : host)).join(', ')}</dd>
      )}
      {facts.unclear.length > 0 && <dt className="text-ink-3">Not clear</dt>}
      {facts.unclear.length > 0 && (
        <dd className="flex flex-col">
          {facts.unclear.slice(0, 6).map((phrase) => (
            <span key={phrase}>{phrase}</span>
          ))}
        </dd>
      )}
    </dl>
  );
}

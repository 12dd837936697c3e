/** Hidden characters in the rows of a timeline. */
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import { DiffText } from './diff-text.tsx';
import { ItemDetail } from './item-detail.tsx';
import { ItemRow } from './item-row.tsx';
import type { ItemRow as Item } from './timeline-row.ts';
import { TurnEnd } from './turn-row.tsx';

const bidi = '\u202e';
const row = (change: Partial<Item> = {}): Item => ({
  ...{ kind: 'item', key: 'itm_1', depth: 0, at: '2026-11-25T10:00:00.000Z', heldSince: null, question: null },
  item: { kind: 'command', title: 'Bash', command: `rm ${bidi}txt`, path: null },
  verdict: { verdict: 'deny', rule: 'rules[0]', reasons: [`no ${bidi}`], command: null, allowedBy: null },
  end: { at: '2026-11-25T10:00:01.000Z', status: 'completed', text: `a\tb\nc${bidi}\n`, exitCode: 0 },
  ...change,
});

const drawings: Record<string, ReactNode> = {
  'a line': <ItemRow row={row()} names={new Map()} />,
  'what it opens to': <ItemDetail row={row()} names={new Map()} />,
  'an allowed command': (
    <ItemDetail
      row={row({ verdict: { verdict: 'allow', rule: 'a', reasons: [], command: bidi, allowedBy: null } })}
      names={new Map()}
    />
  ),
  'a diff': <DiffText text={`+a${bidi}\n-b`} />,
  'a sentence': <PhraseText phrase={[`said ${bidi}`, { code: `git ${bidi}` }]} />,
  'the end of a turn': (
    <TurnEnd
      row={{
        ...{ kind: 'end', key: 'end-1', status: 'failed', reason: bidi },
        files: [{ path: `a${bidi}`, change: 'added' }],
      }}
    />
  ),
};

it.each(Object.entries(drawings))('[WEB84] %s shows each hidden character', (_name, drawing) => {
  const html = renderToStaticMarkup(drawing);
  expect(html).toContain('U+202E');
  expect(html).not.toContain(bidi);
});

it('[WEB84] tabs and line feeds of output and diffs stay what they are', () => {
  expect(renderToStaticMarkup(<ItemDetail row={row()} names={new Map()} />)).toContain('a\tb\nc');
  expect(renderToStaticMarkup(<DiffText text={'+\tif'} />)).toContain('+\tif');
});

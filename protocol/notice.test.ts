import { expect, it } from 'vitest';
import { type Announced, askNotice, settledNotice, testNotice } from './notice.ts';
import { noticeSchema } from './testing-notice.ts';

const approval = (more: Partial<Announced> = {}): Announced => ({
  ...{ id: `apr_${'0'.repeat(26)}`, sessionName: 'auth-overhaul', agent: 'coder', tool: 'Bash' },
  ...{ command: 'git push', paths: [] },
  ...more,
});

it('[NTF4] says who asks for what and leads to the card', () => {
  expect(askNotice(approval())).toEqual({
    title: 'Approve in auth-overhaul?',
    body: 'coder: git push',
    url: `/inbox/apr_${'0'.repeat(26)}`,
    tag: `apr_${'0'.repeat(26)}`,
    isSettled: false,
  });
  expect(askNotice(approval({ command: null, tool: 'Write', paths: ['a.ts', 'b.ts'] })).body).toBe(
    'coder: Write a.ts b.ts',
  );
});

it('[NTF4] names every character that would not show, in the names too, and stays one line', () => {
  const { title, body } = askNotice(
    approval({ command: 'rm a\n\u202etxt.exe\u200b\t\u001b[2J', sessionName: 'a\u200bb' }),
  );
  expect(body).toBe('coder: rm a[\\n][U+202E]txt.exe[U+200B][\\t][U+001B][2J');
  expect(title).toBe('Approve in a[U+200B]b?');
});

it('[NTF4] is cut at whole characters and never too large for a push', () => {
  for (const command of ['x'.repeat(32_768), '😀'.repeat(16_000), '\u202e'.repeat(32_768), '\n'.repeat(5_000)]) {
    const notice = askNotice(approval({ command, sessionName: '😀'.repeat(60), agent: 'a'.repeat(60) }));
    expect(Buffer.byteLength(JSON.stringify(notice))).toBeLessThan(3_000);
    expect(notice.body.endsWith('…')).toBe(true);
    expect(notice.body).not.toMatch(/\p{Surrogate}/u);
    expect(noticeSchema.parse(notice)).toEqual(notice);
  }
});

it('[NTF6] says what became of it, under the same tag', () => {
  const settled = settledNotice(approval(), 'denied', 'Gr\u200bace');
  expect(settled).toMatchObject({ tag: askNotice(approval()).tag, title: 'Denied by Gr[U+200B]ace', isSettled: true });
  expect(settledNotice(approval(), 'expired', null).title).toBe('Nobody decided in time');
  expect(noticeSchema.parse(testNotice)).toEqual(testNotice);
});

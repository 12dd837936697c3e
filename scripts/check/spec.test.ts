import { expect, it } from 'vitest';
import { checkSpec } from './spec.ts';

const spec = (text: string) => ({ path: 'docs/SPEC.md', text });
const testFile = (text: string) => ({ path: 'db/a.test.ts', text });

it('accepts rules that tests name, in plain, template and parametrised titles', () => {
  const rules = spec('- **LOG1** one\n- **LOG2** two\n- **LOG3** three\n');
  const tests = testFile(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template
    "it('[LOG1] one', () => {}); it(`[LOG2] ${x}`, () => {}); it.each(rows)('[LOG3] %s', () => {});",
  );
  expect(checkSpec([rules, tests])).toEqual([]);
});

it('finds a rule without a test, a test without a rule, a rule stated twice and a malformed rule', () => {
  expect(checkSpec([spec('- **LOG1** one\n'), testFile('// [LOG1] is not a title')])).toEqual([
    'docs/SPEC.md:1: LOG1 has no test; write one titled "[LOG1] …"',
  ]);
  expect(checkSpec([spec('# none\n'), testFile("\nit('[LOG9] nine', () => {});")])).toEqual([
    'db/a.test.ts:2: [LOG9] is no rule of docs/SPEC.md; add it there',
  ]);
  const covered = testFile("it('[LOG1] one', () => {});");
  expect(checkSpec([spec('- **LOG1** one\n- **LOG1** again\n'), covered])).toHaveLength(1);
  expect(checkSpec([spec('- **LOG1** one\n* **LOG2**: two\n'), covered])).toEqual([
    'docs/SPEC.md:2: looks like a rule; write it as "- **ABC1** text"',
  ]);
});

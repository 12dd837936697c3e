import { expect, it } from 'vitest';
import { runProbe } from './probe.ts';

/** Names of the broken rules when each file holds these lines, as `from: rule`. */
function findBroken(files: Record<string, string>): string[] {
  const printed = runProbe({
    configs: ['.dependency-cruiser.mjs'],
    files,
    command: ['dependency-cruiser/bin/dependency-cruise.mjs', '.', '--preserve-symlinks', '--output-type', 'json'],
  });
  const report: { summary: { violations: { from: string; rule: { name: string } }[] } } = JSON.parse(printed);
  return report.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
}

const parts = {
  'protocol/id.ts': "import { z } from 'zod';\nexport const id = z.string();\n",
  'db/client.ts': "import { id } from '#protocol/id.ts';\nexport const client = id;\n",
  'server/api/index.ts':
    "import { client } from '#db/client.ts';\nexport type Router = typeof client;\nexport const x = client;\n",
  'server/session/index.ts': "import { log } from './log.ts';\nexport const session = log;\n",
  'server/session/log.ts': 'export const log = 1;\n',
  'server/boot.ts':
    "import { session } from '#server/session/index.ts';\nimport { x } from '#server/api/index.ts';\nexport const boot = [session, x];\n",
  'components/board.tsx':
    "import type { Router } from '#server/api/index.ts';\nexport const board: Router | null = null;\n",
  'app/page.tsx': "import { board } from '#components/board.tsx';\nexport default () => board;\n",
  'runner/sandbox/index.ts': "import { id } from '#protocol/id.ts';\nexport const sandbox = id;\n",
  'cli/main.ts': "import { sandbox } from '#runner/sandbox/index.ts';\nexport const main = sandbox;\n",
};

it('accepts the imports that the layout allows', () => {
  expect(findBroken(parts)).toEqual([]);
}, 60_000);

it('refuses the imports that the layout forbids', () => {
  const line = (name: string, from: string) => `import { x } from '${from}';\nexport const ${name} = x;\n`;
  const broken = findBroken({
    ...parts,
    'protocol/a.ts': line('a', '#db/client.ts'),
    'protocol/b.ts': line('b', 'ws'),
    'db/a.ts': line('a', '#server/api/index.ts'),
    'runner/a.ts': line('a', '#server/api/index.ts'),
    'components/a.tsx': line('a', '#server/api/index.ts'),
    'components/b.tsx': "import type { x } from '#server/session/index.ts';\nexport const b: typeof x | null = null;\n",
    'server/bus/index.ts': line('a', '#server/session/log.ts'),
    'server/share/index.ts': line('a', '#runner/sandbox/index.ts'),
    'cli/a.ts': line('a', '#runner/journal.ts'),
    'runner/journal.ts': line('a', '#protocol/id.ts'),
    'server/c.ts': line('c', '../app/page.tsx'),
    'e2e/fixture.ts': line('a', '#protocol/id.ts'),
    'cli/c.ts': line('c', '#e2e/fixture.ts'),
    'db/loop.ts': line('loop', './pool.ts'),
    'db/pool.ts': line('pool', './loop.ts'),
    'db/alone.ts': 'export const alone = 1;\n',
    'db/d.ts': line('d', './missing.ts'),
    'db/e.ts': line('e', 'vitest'),
    'db/f.ts': line('f', './f-fixture.ts'),
    'db/f-fixture.ts': line('g', '#protocol/id.ts'),
  });
  expect(broken.sort()).toEqual(
    [
      'protocol/a.ts: protocol-imports',
      'protocol/a.ts: protocol-zod-only',
      'protocol/b.ts: protocol-zod-only',
      'db/a.ts: db-imports',
      'runner/a.ts: runner-imports',
      'components/a.tsx: components-server-types-only',
      'components/b.tsx: components-server-api-only',
      'server/bus/index.ts: server-noun-index',
      'server/share/index.ts: server-host-only-runner-parts',
      'cli/a.ts: cli-runner-parts',
      'server/c.ts: server-imports',
      'cli/c.ts: cli-imports',
      'cli/c.ts: no-test-support-in-product',
      'db/loop.ts: no-cycles',
      'db/alone.ts: no-orphans',
      'db/d.ts: no-unresolvable',
      'db/e.ts: no-dev-package-in-product',
      'db/f.ts: no-test-support-in-product',
    ].sort(),
  );
}, 60_000);

// @ts-check
// `npm run check`: every check of the tree, one after the other, all of them even when one fails.
import { spawnSync } from 'node:child_process';

const checks = ['lint', 'types', 'boundaries', 'dead-code', 'sizes', 'spec:check', 'tree:check'];

const failed = checks.filter((check) => {
  const startedAt = Date.now();
  const { status } = spawnSync('npm', ['run', '--silent', check], { stdio: 'inherit' });
  process.stdout.write(
    `${status === 0 ? 'ok' : 'FAILED'} ${check} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`,
  );
  return status !== 0;
});

process.stdout.write(failed.length === 0 ? 'every check passed\n' : `failed: ${failed.join(', ')}\n`);
process.exit(failed.length === 0 ? 0 : 1);

#!/usr/bin/env node
// `npx omnigent`: rebuilds the command if its sources changed, then becomes it. Knows none of its verbs.
import '../node-version.mjs';

const { reportAndExit } = await import('../build/report.mjs');

try {
  const { ensureBuilt } = await import('../build/ensure.mjs');
  // Which agents there are is the runner's knowledge.
  const targets =
    process.argv[2] === '--version' ? /** @type {const} */ (['cli', 'runner']) : /** @type {const} */ (['cli']);
  await ensureBuilt([...targets], () => undefined);
} catch (cause) {
  reportAndExit(cause);
}
await import('../../dist/cli.js');

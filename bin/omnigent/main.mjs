#!/usr/bin/env node
// `npx omnigent`: rebuilds the command if its sources changed, then becomes it. Knows none of its verbs.
import '../node-version.mjs';

const { reportAndExit } = await import('../build/report.mjs');

try {
  const { ensureBuilt } = await import('../build/ensure.mjs');
  await ensureBuilt(['cli'], () => undefined);
} catch (cause) {
  reportAndExit(cause);
}
await import('../../dist/cli.js');

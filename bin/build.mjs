// `npm run build`: builds whatever is stale, for a tree that its users may not write.
import './node-version.mjs';

const { reportAndExit } = await import('./build/report.mjs');

try {
  const { allTargets, ensureBuilt } = await import('./build/ensure.mjs');
  await ensureBuilt(allTargets, (line) => process.stderr.write(`${line}\n`));
} catch (cause) {
  reportAndExit(cause);
}

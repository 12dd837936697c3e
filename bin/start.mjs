// `npm start`: brings the build up to date, then becomes the server in this same process, so that its pid and signals are the server's.
import './node-version.mjs';

const { reportAndExit } = await import('./build/report.mjs');

process.env.NODE_ENV = 'production';
try {
  const { allTargets, ensureBuilt } = await import('./build/ensure.mjs');
  await ensureBuilt(allTargets, (line) => process.stderr.write(`${line}\n`));
} catch (cause) {
  reportAndExit(cause);
}
await import('../dist/server.js');

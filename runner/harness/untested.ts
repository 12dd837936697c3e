/** What people are told of an agent whose program is of another version than the tested one. */
import type { Environment } from './find-program.ts';
import type { Harness } from './harness.ts';

/** With the fix; null where there is nothing to say. */
export async function untestedNotice(harness: Harness, env: Environment): Promise<string | null> {
  const { npm, title } = harness;
  if (npm === null) return null;
  const { isTested, version, path } = await harness.find(env);
  if (isTested || path === null) return null;
  const named = `${title} ${version ?? 'of an unknown version'} at ${path} was not tested with Omnigent`;
  return `${named}. If it misbehaves, install the tested one: npm install -g ${npm.name}@${npm.version}`;
}

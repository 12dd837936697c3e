/** Tells the programs of one agent, or a person's shells, of the credential routes that there are when they start. */
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentAccess } from './agent-port.ts';
import { credentialEnvironment, npmSettings } from './credential.ts';

/** In the programs' home: npm reads it before their own `.npmrc`, which wins over it. */
const npmFileName = '.omnigent-npmrc';

/**
 * Variables for the environment of programs with this `home`, absolute; none where there are no routes. The home belongs to
 * them: whatever they put in the place of the file is replaced, never followed.
 */
export async function setUpCredentials(
  access: Pick<AgentAccess, 'url' | 'token' | 'credentialRoutes'>,
  home: string,
): Promise<Record<string, string>> {
  const routes = await access.credentialRoutes();
  const { url, token } = access;
  const environment = credentialEnvironment(routes, url, token);
  const settings = npmSettings(routes, url, token);
  if (settings === '') return environment;
  const file = join(home, npmFileName);
  const next = `${file}.${randomBytes(8).toString('hex')}`;
  await writeFile(next, settings, { mode: 0o600, flag: 'wx' });
  await rename(next, file);
  return { ...environment, npm_config_globalconfig: file };
}

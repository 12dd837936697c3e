/** Tells the programs of one agent, or a person's shells, of the credential routes that there are when they start. */
import { randomBytes } from 'node:crypto';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentAccess } from './agent-access.ts';
import { credentialEnvironment, npmSettings } from './credential.ts';

/** In the programs' home: npm reads it before their own `.npmrc`, which wins over it. */
const npmFileName = '.omnigent-npmrc';

/**
 * Variables for the environment of programs with this `home`, absolute; none where there are no routes. The home belongs to
 * them: whatever they put in the place of the file is replaced, never followed.
 */
export async function setUpCredentials(
  access: Pick<AgentAccess, 'url' | 'programToken' | 'credentialRoutes'>,
  home: string,
): Promise<Record<string, string>> {
  const routes = await access.credentialRoutes();
  const { url, programToken: token } = access;
  const environment = credentialEnvironment(routes, url, token);
  const settings = npmSettings(routes, url, token);
  if (settings === '') return environment;
  const file = join(home, npmFileName);
  await replaceFile(file, settings, await stat(home));
  return { ...environment, npm_config_globalconfig: file };
}

/** For its owner alone, who may be another user than this process. A link in its place, or on the way, is not followed. */
async function replaceFile(path: string, text: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const next = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(next, 'wx', 0o600);
  try {
    await file.writeFile(text);
    if (uid !== process.getuid?.()) await file.chown(uid, gid);
  } finally {
    await file.close();
  }
  await rename(next, path);
}

/** Runs a test file once more as another user, or in namespaces, and says how it went. */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Set in the second run. */
const inside = 'OMNIGENT_TEST_AS_USER';
/** A number that no user of the machine has. */
export const normalUser = 60_417;

export const isSecondRun = process.env[inside] !== undefined;

/** Its exit code and all that it said. `prefix` goes before the command, which `uid` runs. */
export function runTests(file: string, { uid, prefix }: { uid: number; prefix: readonly string[] }) {
  const isOther = uid !== process.getuid?.();
  const become = isOther ? ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'] : [];
  const program = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', file];
  const quiet = ['--configLoader', 'runner', '--no-cache', '--reporter', 'dot'];
  const [command = '', ...args] = [...become, ...prefix, ...program, ...quiet];
  const env = { ...process.env, [inside]: '1', HOME: tmpdir() };
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8', timeout: 15 * 60_000 });
  return { status, said: `${stdout}\n${stderr}` };
}

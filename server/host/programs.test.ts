import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reachablePrograms } from './programs.ts';

let folder: string;
let packages: string;
let home: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-programs-'));
  await chmod(folder, 0o711);
  home = join(folder, 'home');
  await mkdir(home, { mode: 0o711 });
  packages = join(folder, 'closed', 'node_modules');
  await mkdir(join(packages, '.bin'), { recursive: true });
  await mkdir(join(packages, 'tool'));
  await writeFile(join(packages, 'tool', 'main.js'), 'console.log(1)\n', { mode: 0o755 });
  await symlink('../tool/main.js', join(packages, '.bin', 'tool'));
  await chmod(join(folder, 'closed'), 0o700);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const account = { uid: 60_417, gid: 60_417 };

it('[HST25] agent programs in a folder that is closed to runners are copied to where they are not, with their packages', async () => {
  const programs = { OMNIGENT_AGENT_PATH: join(packages, '.bin'), OMNIGENT_X_BIN: join(packages, '.bin', 'tool') };
  const found = await reachablePrograms(programs, { home, account });
  expect(found.OMNIGENT_AGENT_PATH).toMatch(new RegExp(`^${home}/agents/copies/[0-9a-f]{16}/node_modules/\\.bin$`));
  expect(await readFile(found.OMNIGENT_X_BIN ?? '', 'utf8')).toBe('console.log(1)\n');
  expect(await reachablePrograms(programs, { home, account })).toEqual(found);
  expect(await reachablePrograms(programs, { home, account: null })).toEqual(programs);
  const open = { OMNIGENT_AGENT_PATH: `/usr/bin:${join(folder, 'not-there')}` };
  expect(await reachablePrograms(open, { home, account })).toEqual(open);
});

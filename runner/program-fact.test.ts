import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realFiles } from '#facts/file-view.ts';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { withPrograms } from './program-fact.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-programs-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'ls'), '', { mode: 0o755 });
  await symlink('/usr/bin/env', join(folder, 'to-env'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const holds = (path: string) => path.startsWith('/usr/');
function unclearOf(word: string, { path = '/usr/bin', unknown = [] as number[] } = {}): string[] {
  const command = {
    program: word.split('/').at(-1) ?? '',
    argv: [word],
    unknown,
    effect: 'read' as const,
    cwd: folder,
    via: [],
  };
  const facts: ActionFacts = { ...noFacts, commands: [command] };
  return withPrograms(facts, { files: realFiles, path, holds }).unclear;
}

it('[SBX9] a program that the session can change is not the one that it is called', () => {
  for (const word of ['ls', '/usr/bin/ls', '/bin/ls', './to-env', 'cd', 'no-such-program'])
    expect(unclearOf(word), word).toEqual([]);
  for (const word of ['./bin/ls', `${folder}/bin/ls`, 'bin/../bin/ls']) expect(unclearOf(word), word).toHaveLength(1);
  expect(unclearOf('ls', { path: `${folder}/bin:/usr/bin` })).toHaveLength(1);
  expect(unclearOf('./bin/ls', { unknown: [0] })).toEqual([]);
});

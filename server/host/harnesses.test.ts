import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHarnesses, type Harnesses } from './harnesses.ts';
import { npmEnvironment } from './npm.ts';
import { type FakeRegistry, openFakeRegistry } from './registry-fixture.ts';

const native = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
const version = '2.1.330';

let folder: string;
let registry: FakeRegistry;
const notes: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-install-'));
  registry = await openFakeRegistry(folder, [
    {
      ...{ name: '@anthropic-ai/claude-code', version, optionalDependencies: { [native]: version }, files: {} },
      scripts: { postinstall: `touch ${join(folder, 'script-ran')}` },
    },
    { name: native, version, files: { claude: `#!/bin/sh\necho '${version} (Claude Code)'\n` } },
  ]);
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

/** Harnesses of a machine that has no agents; `more` is what the person has set for npm. */
function fresh(name: string, more: Record<string, string> = {}): Harnesses {
  const home = join(folder, name);
  const env = { PATH: '/nowhere', OMNIGENT_AGENT_PATH: join(home, 'agents/node_modules/.bin') };
  const settings = { npm_config_registry: registry.url, npm_config_cache: join(folder, 'cache'), ...more };
  const npmEnv = npmEnvironment({ ...process.env, ...settings });
  return createHarnesses({ home, env, npmEnv, note: (line) => void notes.push(line) });
}

const claudeOf = async (harnesses: Harnesses) =>
  (await harnesses.list()).find(({ type }) => type === 'claude-sdk') ?? null;

describe('installing an agent', () => {
  it('[HRN5] gets the tested version from the registry, without running its scripts, and it is found at once', async () => {
    const harnesses = fresh('home');
    expect(await claudeOf(harnesses)).toMatchObject({
      path: null,
      problem: expect.stringContaining('harness install'),
    });
    const found = {
      version,
      isTested: true,
      problem: null,
      path: join(folder, 'home/agents/node_modules', native, 'claude'),
    };
    expect(await harnesses.install('claude-sdk')).toMatchObject(found);
    expect(await claudeOf(harnesses)).toMatchObject(found);
    expect(notes).toContainEqual(expect.stringContaining(`claude-code@${version}`));
    expect(existsSync(join(folder, 'script-ran'))).toBe(false);
    expect(await harnesses.install('claude-code')).toMatchObject(found);
  }, 60_000);

  it.each([
    ['no network', 'claude-sdk', { npm_config_registry: 'http://127.0.0.1:9' }, /ECONNREFUSED.*check the network/],
    ['a registry without it', 'opencode', {}, /404.*npm config get registry/],
    ['no npm', 'claude-sdk', { PATH: '/nowhere' }, /ENOENT.*install npm/],
  ])(
    '[HRN5] with %s fails in npm’s own words, with the fix',
    async (name, type, env, words) => {
      const harnesses = fresh(name, env);
      await expect(harnesses.install(type)).rejects.toMatchObject({
        code: 'launch.failed',
        message: expect.stringMatching(words),
      });
      expect(await claudeOf(harnesses)).toMatchObject({ path: null });
    },
    60_000,
  );

  it('[HRN5] refuses a kind that there is not, and one that has no package', async () => {
    const harnesses = fresh('none');
    await expect(harnesses.install('nothing')).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringMatching(/acp:example/),
    });
    await expect(harnesses.install('acp:example')).rejects.toMatchObject({
      code: 'input.unsupported',
      message: expect.stringMatching(/ready/),
    });
  });
});

it('npm sees its own settings and proxies, and no secret of the server', () => {
  const secret = { ANTHROPIC_API_KEY: 'sk-1', OMNIGENT_SECRET_KEY: 'x', DATABASE_URL: 'postgres://a:b@c/d' };
  const wanted = { npm_config_registry: 'http://r', HTTPS_PROXY: 'http://u:p@proxy', https_proxy: 'http://proxy' };
  const seen = npmEnvironment({ NODE_ENV: 'test', PATH: '/bin', ...secret, ...wanted });
  expect(seen).toMatchObject(wanted);
  expect(Object.keys(seen).filter((name) => name in secret)).toEqual([]);
});

/** `omnigent --version`. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeOf } from '#protocol/server-file.ts';
import { scrubEnvironment } from '#runner/sandbox/index.ts';
import { defineCommand } from './command.ts';
import { table } from './io.ts';

/** Each kind of agent, its program on this machine, and whether that is the tested version. */
async function harnessesOf(env: NodeJS.ProcessEnv) {
  const { namedHarnesses } = await import('#runner/harness/index.ts');
  const { OMNIGENT_CLAUDE_BIN, OMNIGENT_CODEX_BIN, OMNIGENT_PI_BIN } = env;
  const programs = { OMNIGENT_CLAUDE_BIN, OMNIGENT_CODEX_BIN, OMNIGENT_PI_BIN };
  const home = env.OMNIGENT_HOME ?? homeOf({ uid: process.getuid?.(), home: homedir() });
  const pinned = fileURLToPath(new URL('../e2e/agents/node_modules/.bin', import.meta.url));
  const installed = `${join(home, 'agents/node_modules/.bin')}:${pinned}`;
  const where = { PATH: scrubEnvironment(env).PATH, OMNIGENT_AGENT_PATH: installed, ...programs };
  return Promise.all(
    Object.entries(await namedHarnesses()).map(async ([type, harness]) => {
      const { path, version, isTested, problem } = await harness.find(where);
      return { type, path, version, tested: isTested, ok: problem === null, problem };
    }),
  );
}

export const versionCommand = defineCommand({
  words: ['--version'],
  summary: 'versions of Omnigent, Node.js and the agents it can drive',
  operands: [],
  options: {},
  async run({ io, print }) {
    const version = process.env.npm_package_version ?? 'unbuilt';
    const { node } = process.versions;
    const harnesses = await harnessesOf(io.env);
    const rows = harnesses.map(({ type, version: found, problem }) => [type, found ?? '-', problem ?? 'ready']);
    await print({ version, node, harnesses }, `omnigent ${version}, node ${node}\n${table(rows)}`);
    return 0;
  },
});

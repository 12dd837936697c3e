/** Claude Code, the real CLI. */

import { AppError } from '#protocol/error.ts';
import { type Environment, findProgram, versionOf } from '../find-program.ts';
import type { AgentOptions, Found, Harness, HarnessFolder, PlacedOptions } from '../harness.ts';
import { HeadlessClaude } from './headless.ts';
import { TerminalClaude } from './terminal.ts';

const npm = { name: '@anthropic-ai/claude-code', version: '2.1.330' };
const hint = 'omnigent harness install claude-sdk';

const lookUp = (env: Environment) =>
  findProgram(
    {
      name: 'claude',
      variable: 'OMNIGENT_CLAUDE_BIN',
      native: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
    },
    env,
  );

async function programOf(env: Environment): Promise<string> {
  const path = await lookUp(env);
  if (path !== null) return path;
  throw new AppError({ code: 'launch.failed', message: `claude is not installed: ${hint}` });
}

const placed = async ({ cwd, ...rest }: AgentOptions): Promise<PlacedOptions> => ({ ...rest, cwd: await cwd });

async function find(env: Environment): Promise<Found> {
  const path = await lookUp(env);
  if (path === null) return { path, version: null, isTested: false, problem: `claude is not installed: ${hint}` };
  const version = await versionOf(path, ['--version']);
  const problem = version === null ? `${path} does not say its version; ${hint}` : null;
  return { path, version, isTested: version === npm.version, problem };
}

const headless: Harness = {
  title: 'Claude Code',
  family: 'claude',
  hasTerminal: false,
  npm,
  // Whether there is a key decides how it signs in.
  startsEarly: false,
  provider: 'anthropic',
  signIn: { subscription: 'Claude subscription', command: '/login' },
  capabilities: {
    gate: 'every-action',
    gateFailure: 'closed',
    usage: 'gateway',
    tui: 'same-process',
    canEdit: true,
    canSteer: true,
    canFork: true,
    canResume: true,
    canInterrupt: true,
    takesImages: true,
    takesMcp: true,
  },
  find,
  async start(options) {
    return HeadlessClaude.start(await placed(options), await programOf(options.env));
  },
};

/** The same agent in its own terminal. */
const terminal: Harness = {
  ...headless,
  title: 'Claude Code in its terminal',
  hasTerminal: true,
  async start(options) {
    return TerminalClaude.start(await placed(options), await programOf(options.env));
  },
};

export const harnesses: HarnessFolder = {
  named: { 'claude-sdk': headless, 'claude-code': terminal },
  resolve: () => null,
};

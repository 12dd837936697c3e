/** Harnesses for agents that speak ACP: any command as `acp:COMMAND`, our own example, and those known by name. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderName } from '#protocol/provider.ts';
import { type Environment, findProgram, versionOf } from '../find-program.ts';
import type { AgentOptions, Capabilities, Found, Harness, HarnessFolder } from '../harness.ts';
import { AcpAgent } from './agent.ts';
import { opencodeEnvironment } from './opencode.ts';

/** The agent decides what it asks leave for; what it asks, it does not do without an answer. */
const capabilities: Capabilities = {
  gate: 'agent-chosen',
  gateFailure: 'closed',
  usage: 'gateway',
  tui: 'none',
  canEdit: false,
  canSteer: false,
  canFork: false,
  canResume: true,
  canInterrupt: true,
  takesImages: false,
  takesMcp: false,
};

/** Model addresses and keys under the names that agents read. */
const modelEnvironment = ({ access: { url, token }, model, home }: AgentOptions): Record<string, string> => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_API_KEY: token,
  OPENAI_BASE_URL: `${url}/v1`,
  OPENAI_API_KEY: token,
  OMNIGENT_AGENT_HOME: home,
  ...(model !== null && { OMNIGENT_MODEL: model }),
});

interface AcpProgram {
  title: string;
  /** Its first word is looked up. */
  command: readonly string[];
  /** What to do when it is not there. */
  hint: string;
  /** Why it cannot work here although it is installed. */
  obstacle?: string;
  npm?: Harness['npm'];
  /** Whose models it uses, where that is known. */
  provider?: ProviderName | null;
  /** Where npm puts the native program, below `node_modules/`. */
  native?: string;
  capabilities?: Partial<Capabilities>;
  /** It may take this long to greet, in ms. */
  greetingMs?: number;
  readable?: readonly string[];
  /** Settings of its own, written before it starts. */
  prepare?: (options: AgentOptions) => Promise<Record<string, string>>;
}

function acpHarness({
  title,
  command,
  hint,
  obstacle,
  npm = null,
  native,
  provider = null,
  prepare,
  ...more
}: AcpProgram): Harness {
  const [name = '', ...args] = command;
  const lookUp = (env: Environment) => findProgram({ name, ...(native !== undefined && { native }) }, env);
  return {
    title,
    hasTerminal: false,
    family: `acp:${command.join(' ')}`,
    ...{ npm, provider, signIn: null, startsEarly: true },
    capabilities: { ...capabilities, ...more.capabilities },
    async find(env): Promise<Found> {
      const path = await lookUp(env);
      if (path === null) return { path, version: null, isTested: false, problem: `${name} is not installed: ${hint}` };
      if (obstacle !== undefined) return { path, version: null, isTested: false, problem: `${name}: ${obstacle}` };
      const version = npm ? await versionOf(path, ['--version']) : null;
      return { path, version, isTested: npm === null || version === npm.version, problem: null };
    },
    async start(options) {
      const path = (await lookUp(options.env)) ?? name;
      const env = { ...modelEnvironment(options), ...(await prepare?.(options)) };
      return AcpAgent.start(options, { command: [path, ...args], env, ...more });
    },
  };
}

/** The example agent: beside the built runner as one file, else `examples/agent` some folders above. */
function exampleFile(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  const built = join(folder, '..', 'agent.js');
  if (existsSync(built)) return built;
  while (!existsSync(join(folder, 'examples', 'agent', 'main.mjs')) && folder !== '/') folder = dirname(folder);
  return join(folder, 'examples', 'agent', 'main.mjs');
}

const example = acpHarness({
  title: 'Example agent',
  command: [process.execPath, exampleFile()],
  hint: 'reinstall Omnigent',
  provider: 'anthropic',
  readable: [dirname(exampleFile())],
  capabilities: { gate: 'every-action' },
});

const opencode = acpHarness({
  title: 'OpenCode',
  command: ['opencode', 'acp'],
  hint: 'omnigent harness install opencode',
  npm: { name: 'opencode-ai', version: '1.18.33' },
  // Ten seconds of work at its first start: several times that where others work too.
  greetingMs: 90_000,
  native: `opencode-${process.platform}-${process.arch}/bin/opencode`,
  provider: 'openai',
  capabilities: { canFork: true, takesImages: true, takesMcp: true },
  prepare: opencodeEnvironment,
});

const gemini = acpHarness({
  title: 'Gemini CLI',
  command: ['gemini', '--acp'],
  hint: 'npm install -g @google/gemini-cli',
  obstacle: 'it speaks only Google’s model API, which the gateway does not pass on; use another agent',
  capabilities: { usage: 'none', takesImages: true, takesMcp: true },
});

const aliases: Record<string, Harness> = { 'acp:example': example, 'acp:opencode': opencode, 'acp:gemini': gemini };

export const harnesses: HarnessFolder = {
  named: { 'acp:example': example, opencode, gemini },
  resolve(type) {
    const [kind, ...rest] = type.split(':');
    const command = rest
      .join(':')
      .split(' ')
      .filter((word) => word !== '');
    if (kind !== 'acp' || command.length === 0) return null;
    return (
      aliases[type] ??
      acpHarness({
        title: rest.join(':'),
        command,
        hint: 'install it on the machine of the runner, or name its whole path',
      })
    );
  },
};

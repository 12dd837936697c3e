/** How Claude Code is started so that nothing goes past the gate: settings, environment and arguments. Pure but for files of its home. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlacedOptions } from '../harness.ts';

/** The tools it is offered; what is not named here it does not have. */
const tools = [
  'Bash',
  'BashOutput',
  'KillShell',
  'Read',
  'Edit',
  'Write',
  'Glob',
  'Grep',
  'NotebookEdit',
  'Agent',
  'TodoWrite',
];

/** Longer than any action is held, in s. */
const hookSeconds = 86_400;

/**
 * One hook decides about every tool call, and a hook that does not answer blocks. Said here these settings win over those
 * of the project, also over ones written while it runs. The token is named, not shown: arguments can be read by others.
 */
function policySettings(url: string, told: readonly string[]): string {
  const hook = (name: string, more: object = {}) => ({
    type: 'http',
    url: `${url}/_/${name}`,
    headers: { Authorization: 'Bearer $OMNIGENT_AGENT_TOKEN' },
    allowedEnvVars: ['OMNIGENT_AGENT_TOKEN'],
    ...more,
  });
  const gate = { timeout: hookSeconds, onFailure: 'block', statusMessage: 'waiting for a verdict' };
  return JSON.stringify({
    disableAllHooks: false,
    skipDangerousModePermissionPrompt: true,
    disableSkillShellExecution: true,
    hooks: {
      PreToolUse: [{ matcher: '*', hooks: [hook('tool', gate)] }],
      ...Object.fromEntries(told.map((name) => [name, [{ hooks: [hook('told')] }]])),
    },
  });
}

/** The environment: our gateway, its own folders, nothing that calls home, and no key for the commands it runs. */
function environment({ access, home }: PlacedOptions, isSignedIn: boolean): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: access.url,
    ...(isSignedIn
      ? { ANTHROPIC_CUSTOM_HEADERS: `X-Omnigent-Token: ${access.token}` }
      : { ANTHROPIC_API_KEY: access.token }),
    OMNIGENT_AGENT_TOKEN: access.token,
    CLAUDE_CONFIG_DIR: join(home, 'config'),
    CLAUDE_CODE_TMPDIR: join(home, 'tmp'),
    CLAUDE_CODE_SHELL_PREFIX: join(home, 'shell'),
    CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
    // Else agents that it starts go on without it: their calls come when no turn runs, and are denied.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_UPDATES: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    ENABLE_TOOL_SEARCH: 'false',
    NO_PROXY: '127.0.0.1,localhost',
  };
}

/**
 * Whether it proves itself to Anthropic with a sign-in of its own, `/login`: the server has no key, and somebody signed it in
 * or can do so in its terminal. Otherwise it uses the server's key, or is told by the gateway that there is none.
 */
async function isSignedIn({ access, home }: PlacedOptions, canSignIn: boolean): Promise<boolean> {
  if (await access.hasKey('anthropic')) return false;
  return canSignIn || existsSync(join(home, 'config', '.credentials.json'));
}

export interface ClaudeFace {
  conversation: string;
  /** False: it goes on. */
  isNew: boolean;
  /** It has a terminal in which a person can sign in. */
  canSignIn: boolean;
  /** Events that it reports to `/_/told`, by the CLI's own names. */
  told: readonly string[];
  /** Script through which every shell command runs; the command is its one argument. */
  shell: string;
}

export interface ClaudeStart {
  args: string[];
  env: Record<string, string>;
}

/** Writes what a first start would otherwise ask a person. */
export async function prepareClaude(options: PlacedOptions, face: ClaudeFace): Promise<ClaudeStart> {
  const { conversation, isNew, canSignIn, told, shell } = face;
  const { home, cwd, access, model } = options;
  for (const folder of ['config', 'tmp']) await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  await writeFile(join(home, 'shell'), shell, { mode: 0o700 });
  const answered = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [access.token.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true } },
  };
  await writeFile(join(home, 'config', '.claude.json'), JSON.stringify(answered), { mode: 0o600 });
  const args = [
    ...['--setting-sources', '', '--strict-mcp-config', '--permission-mode', 'manual'],
    ...['--settings', policySettings(access.url, told), '--tools', tools.join(','), '--add-dir', cwd],
    ...(isNew ? ['--session-id', conversation] : ['--resume', conversation]),
    ...(model === null ? [] : ['--model', model]),
  ];
  return { args, env: environment(options, await isSignedIn(options, canSignIn)) };
}

export const headlessArguments = [
  ...['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
  ...['--include-partial-messages', '--forward-subagent-text', '--permission-prompt-tool', 'stdio'],
];

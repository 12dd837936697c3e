/** Agent CLIs as somebody runs them without Omnigent: what they let past their own checks is measured here first. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../server-process.ts';

const modules = join(projectRoot, 'e2e/agents/node_modules');
/** The native program of the pinned CLI. */
export const claudeFile = join(modules, `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`);

export const opencodeFile = join(modules, `opencode-${process.platform}-${process.arch}/bin/opencode`);

/** Key of the bare CLI; the provider takes any. */
export const bareKey = 'sk-ant-bare-000000000000000000000000';

/** A folder of its own to work in, with the CLI's settings beside it. */
export interface Bench {
  cwd: string;
  env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

export async function openBench(modelUrl: string, files: Record<string, string> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-bare-'));
  const cwd = join(folder, 'work');
  await mkdir(cwd);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(cwd, path, '..'), { recursive: true });
    await writeFile(join(cwd, path), text);
  }
  const env: NodeJS.ProcessEnv = {
    NODE_ENV: 'test',
    ...{ PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', TERM: 'xterm-256color', IS_SANDBOX: '1' },
    ...{ ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: bareKey, CLAUDE_CONFIG_DIR: join(folder, 'config') },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', NO_PROXY: '127.0.0.1' },
  };
  return { cwd, env, close: () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

const arguments_ = (prompt: string, more: string[]) => [
  '-p',
  prompt,
  '--permission-mode',
  'bypassPermissions',
  ...more,
];

/** One prompt to the bare CLI, everything permitted but what its settings forbid. Resolves when it ends. */
export const askClaude = ({ cwd, env }: Bench, prompt: string, more: string[] = []): Promise<void> =>
  new Promise((resolve) => {
    const child = execFile(claudeFile, arguments_(prompt, more), { cwd, env, timeout: 60_000 }, () => resolve());
    child.stdin?.end();
  });

export const startClaude = ({ cwd, env }: Bench, prompt: string): ChildProcess =>
  spawn(claudeFile, arguments_(prompt, []), { cwd, env, stdio: 'ignore', detached: true });

/** Settings with a hook that forbids every tool. */
export const forbidding = JSON.stringify({
  hooks: { PreToolUse: [{ matcher: '*', hooks: [{ type: 'command', command: 'echo no >&2; exit 2' }] }] },
});

/** What OpenCode needs to be governed: its own folders, our gateway as its one provider, and leave asked for every change. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentOptions } from '../harness.ts';

const defaultModel = 'claude-sonnet-4-5';

/** Settings by file outrank those of the project; `OPENCODE_PERMISSION` outranks both. */
const settings = ({ access, model }: AgentOptions): object => {
  const name = model ?? defaultModel;
  return {
    autoupdate: false,
    share: 'disabled',
    enabled_providers: ['omnigent'],
    model: `omnigent/${name}`,
    small_model: `omnigent/${name}`,
    provider: {
      omnigent: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Omnigent gateway',
        options: { baseURL: `${access.url}/v1`, apiKey: '{env:OPENAI_API_KEY}' },
        models: { [name]: { name, limit: { context: 200_000, output: 32_000 } } },
      },
    },
    permission: { edit: 'ask', bash: 'ask', webfetch: 'ask', external_directory: 'ask' },
  };
};

/** Writes the settings into the agent's home and returns the variables that make OpenCode use them and nothing else. */
export async function opencodeEnvironment(options: AgentOptions): Promise<Record<string, string>> {
  const { home } = options;
  const folders = Object.fromEntries(
    ['CONFIG', 'DATA', 'CACHE', 'STATE'].map((name) => [`XDG_${name}_HOME`, join(home, name.toLowerCase())]),
  );
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  // It installs packages of its own into a folder of settings that it may write, which asks a registry at its first turn.
  const own = join(home, 'config', 'opencode');
  await mkdir(own, { recursive: true });
  await chmod(own, 0o500);
  const file = join(home, 'opencode.json');
  await writeFile(file, JSON.stringify(settings(options)), { mode: 0o600 });
  return {
    ...folders,
    OPENCODE_CONFIG: file,
    OPENCODE_CONFIG_CONTENT: JSON.stringify(settings(options)),
    OPENCODE_PERMISSION: JSON.stringify({ edit: 'ask', bash: 'ask', webfetch: 'ask', external_directory: 'ask' }),
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  };
}

/** What is done in two agents' own screens while they are recorded: a question, tools, answers that stream. */
import { home, type RecordedProgram, type Recorder, toolFolder } from '../recorder.ts';
import { type Answer, openModel } from './model.ts';
import type { Performance } from './performance.ts';

const essay = `## What the shop does

The basket adds **prices**, then *tax*; see \`total()\`:

\`\`\`ts
export const total = (basket: Item[]) => basket.reduce((sum, { price }) => sum + price, 0);
\`\`\`

| part | 役割 | state |
|---|---|---|
| basket | 買い物かご | ok ✓ |
| tax | 税金 | naïve → étude 😀 |

1. ${'It reads the order and keeps what it read. '.repeat(6)}
2. ${'漢字テスト '.repeat(20)}
3. ${'Every line of it is short enough to wrap somewhere else on another screen. '.repeat(5)}

> A quotation that is longer than most terminals are wide, so that it has to be broken somewhere in the middle of it.

That is all.`;

const files = { 'shop.ts': 'export const price = 3;\nexport const tax = 0.2;\n', 'notes.txt': '漢字\nnaïve\n' };
/** Where whatever is not the model's goes: nowhere. */
const noNetwork = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' };
const key = 'demo-key-0000000000000000';

function needTools(tools: string | undefined): string {
  if (tools === undefined) throw new Error('--tools FOLDER: where its package is installed, with its node_modules');
  return tools;
}

async function performIn(it: Recorder, ready: RegExp, allow: RegExp): Promise<void> {
  await it.until(ready);
  await it.quiet(500);
  await it.do('What does the shop do? 漢字', '\x1b[D\x1b[D', '\x1b[C\x1b[C');
  it.press('\r');
  await it.until(allow);
  await it.quiet(300);
  it.resize(70, 26);
  await it.quiet(500);
  it.press('\r');
  await it.until(/part|reads the order|another screen|That is all/);
  it.resize(118, 40);
  await it.until(/That is all/);
  await it.quiet(700);
  it.resize(90, 30);
  await it.quiet(500);
  await it.do('/', 'm', '\x1b', '\x15', '/help', '\x1b', '\x15');
}

const claudeSettings = JSON.stringify({ skipDangerousModePermissionPrompt: true });
const claudeState = JSON.stringify({
  hasCompletedOnboarding: true,
  theme: 'dark',
  projects: { [home]: { hasTrustDialogAccepted: true } },
});
const claudeAnswers: Answer[] = [
  {
    text: 'I will look at the files and write a note.\n',
    call: {
      name: 'Write',
      input: { file_path: `${home}/total.ts`, content: 'export const total = 4;\n// 合計\n'.repeat(8) },
    },
  },
  { text: essay },
];

export const claude: Performance = {
  async start(tools) {
    const { origin, close } = await openModel(claudeAnswers);
    const program: RecordedProgram = {
      command: [
        `${toolFolder}/node_modules/@anthropic-ai/claude-code-linux-x64/claude`,
        ...['--permission-mode', 'manual', '--setting-sources', '', '--strict-mcp-config'],
        ...['--settings', claudeSettings, '--tools', 'Bash,Read,Edit,Write'],
      ],
      env: {
        ...{
          ...noNetwork,
          ANTHROPIC_BASE_URL: origin,
          ANTHROPIC_AUTH_TOKEN: key,
          CLAUDE_CONFIG_DIR: `${home}/.claude`,
        },
        ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', DISABLE_UPDATES: '1' },
        CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      },
      files: { ...files, '.claude/.claude.json': claudeState },
      tools: needTools(tools),
      ...{ cols: 100, rows: 34 },
    };
    return { ...program, close };
  },
  play: (it) => performIn(it, /manual|shortcuts|❯|>/, /Do you want/),
};

const codexAnswers: Answer[] = [
  {
    text: 'I will look at the files first.\n',
    call: { name: 'exec_command', input: { cmd: 'for n in 1 2 3 4 5 6 7 8; do echo "$n 漢字 naïve"; done; ls' } },
  },
  { text: essay },
];

const codexSettings = (origin: string) => `model = "demo"
model_provider = "demo"
check_for_update_on_startup = false
approval_policy = "on-request"
sandbox_mode = "danger-full-access"
[model_providers.demo]
name = "Demo"
base_url = "${origin}/v1"
env_key = "DEMO_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false
[analytics]
enabled = false
[feedback]
enabled = false
[tui]
screen_reader_detection_done = true
[projects."${home}"]
trust_level = "trusted"
`;

export const codex: Performance = {
  async start(tools) {
    const { origin, close } = await openModel(codexAnswers);
    const program: RecordedProgram = {
      command: [`${toolFolder}/node_modules/.bin/codex`, '--no-daemon'],
      env: { ...noNetwork, DEMO_KEY: key, CODEX_HOME: `${home}/.codex` },
      files: { ...files, '.codex/config.toml': codexSettings(origin) },
      tools: needTools(tools),
      ...{ cols: 100, rows: 34 },
    };
    return { ...program, close };
  },
  play: (it) => performIn(it, /›|context/, /Ran |That is all|Explored/),
};

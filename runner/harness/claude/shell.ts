/**
 * The script through which Claude Code runs shell commands: without the agent's token, and in a terminal only what the gate
 * allows, because `!command` typed there asks no hook. The CLI's own way of hiding the token
 * (CLAUDE_CODE_SUBPROCESS_ENV_SCRUB) leaves empty files such as .env and package.json in the checkout.
 */
import type { AgentOptions, GateAnswer } from '../harness.ts';
import { toolInput } from '../tool-input.ts';

const run = `unset OMNIGENT_AGENT_TOKEN ANTHROPIC_API_KEY ANTHROPIC_CUSTOM_HEADERS ANTHROPIC_BASE_URL CLAUDE_CODE_SHELL_PREFIX
exec /bin/bash -c "$1"
`;

export const plainShell = `#!/bin/bash
${run}`;

/** Asks with bash alone; without a plain answer nothing runs. */
export function gatedShell(url: string): string {
  const { hostname, port } = new URL(url);
  return `#!/bin/bash
body="\\"$(printf %s "$1" | base64 -w0)\\""
exec 3<>/dev/tcp/${hostname}/${port} || exit 126
printf 'POST /_/shell HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "$OMNIGENT_AGENT_TOKEN" "\${#body}" "$body" >&3
answer=$(cat <&3)
exec 3<&- 3>&-
case "$answer" in
  *'{"verdict":"allow"}') ;;
  *) echo 'omnigent: denied by policy' >&2; exit 126 ;;
esac
${run}`;
}

/** As the CLI quotes a command that it hands to `eval`. */
const quoted = (command: string): string => `'${command.replaceAll("'", `'"'"'`)}'`;

/** What the gate allowed as a tool call runs once without being asked about again. */
export class AllowedCommands {
  readonly #allowed: string[] = [];

  add(command: string): void {
    this.#allowed.push(command);
    if (this.#allowed.length > 1_000) this.#allowed.shift();
  }

  /** Whether `line`, a whole shell line of the CLI, runs a command that was allowed. */
  take(line: string): boolean {
    const at = this.#allowed.findIndex((command) => line === command || line.includes(quoted(command)));
    if (at !== -1) this.#allowed.splice(at, 1);
    return at !== -1;
  }
}

/** Answers `/_/shell`. `body` is the line in base64. */
export async function askAboutShell(
  body: unknown,
  { allowed, gate, cwd }: { allowed: AllowedCommands; gate: AgentOptions['gate']; cwd: string },
  gone: AbortSignal,
): Promise<Pick<GateAnswer, 'verdict'>> {
  const line = Buffer.from(String(body), 'base64').toString('utf8');
  if (allowed.take(line)) return { verdict: 'allow' };
  const action = {
    ...{ kind: 'command' as const, tool: 'shell', item: null, command: line, paths: [], cwd, canEdit: false },
    input: toolInput({ command: line }, ''),
  };
  const { verdict } = await gate(action, gone);
  return { verdict };
}

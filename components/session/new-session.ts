/** What a new session needs, checked before it is asked for, and where the server's refusals belong. Pure. */
import type { Failure } from '#components/api/failure.ts';
import { capitalise } from '#components/ui/format.ts';
import { parseCommandLine } from './command-line.ts';

export interface NewSession {
  dir: string;
  /** Path of a workspace file, absolute or from `dir`; empty: no rules. */
  workspace: string;
  name: string;
  /** Type of the first agent's harness; empty: none, a terminal opens. */
  harness: string;
  /** What the agent is asked first; empty: nothing yet. */
  prompt: string;
  program: string;
  includeChanges: boolean;
  /** Its programs may do what whoever started the server may. */
  hasNoSandbox: boolean;
}

export type NewSessionField = 'dir' | 'workspace' | 'name' | 'program' | 'sandbox' | 'form';
export type Problems = Partial<Record<NewSessionField, string>>;

interface Input {
  dir?: string;
  workspace?: string;
  name?: string;
  includeChanges: boolean;
  sandbox?: 'none';
  command: string[] | null;
  harness?: string;
  wait: false;
}

export type Checked = { ok: true; input: Input; prompt: string | null } | { ok: false; problems: Problems };

/** The call's input, or what to fix at which field. */
export function checkNewSession(form: NewSession): Checked {
  const dir = form.dir.trim();
  const name = form.name.trim();
  const program = parseCommandLine(form.program);
  const problems: Problems = {};
  const file = form.workspace.trim();
  const workspace =
    file === '' || file.startsWith('/') ? file : `${dir.replace(/\/$/, '')}/${file.replace(/^\.\//, '')}`;
  if (dir === '' && !file.startsWith('/')) problems.dir = 'Name a folder on the server’s machine.';
  else if (dir !== '' && !dir.startsWith('/')) problems.dir = 'Write the whole path, from / on.';
  if (name.length > 120) problems.name = `At most 120 characters; these are ${name.length}.`;
  if (!program.ok) problems.program = program.problem;
  if (!program.ok || Object.keys(problems).length > 0) return { ok: false, problems };
  const { includeChanges, hasNoSandbox, harness } = form;
  const command = harness === '' ? program.command : null;
  const prompt = harness === '' || form.prompt.trim() === '' ? null : form.prompt.trim();
  const input = {
    ...(dir && { dir }),
    ...(workspace && { workspace }),
    includeChanges,
    ...(hasNoSandbox && { sandbox: 'none' as const }),
    command,
    wait: false as const,
    ...(name && { name }),
    ...(harness && { harness }),
  };
  return { ok: true, input, prompt };
}

const fieldOf: Record<string, NewSessionField> = {
  dir: 'dir',
  workspace: 'workspace',
  name: 'name',
  command: 'program',
};

/** Which field a refusal of the server is about; the message is the server's, without the field's name in front. */
export function problemsOf({ code, message }: Failure): Problems {
  const [, named = '', words = message] = /^(\w+): (.*)$/s.exec(message) ?? [];
  const field = fieldOf[named.toLowerCase()];
  if (field) return { [field]: capitalise(words) };
  switch (code) {
    case 'workspace.invalid':
      return { workspace: message };
    case 'source.invalid':
    case 'checkout.failed':
      return { dir: message };
    case 'sandbox.failed':
      return { sandbox: message };
    case 'session.conflict':
    case 'session.ambiguous':
      return { name: message };
    default:
      return { form: message };
  }
}

/** What the composer of a session says that began without its first prompt. */
export const unsentWords = ({ code, message }: Failure): string =>
  code === 'server.unreachable'
    ? 'No answer came for your first prompt. Look whether it is above before you send it again.'
    : `Your first prompt was not sent: ${message} It is below.`;

/** Folders of earlier sessions, newest first, each once. */
export const recentFolders = (sessions: readonly { source: string; createdAt: string }[]): string[] => [
  ...new Set([...sessions].sort((a, b) => b.createdAt.localeCompare(a.createdAt)).map((view) => view.source)),
];

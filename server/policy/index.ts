/** The rules in force in each session: read from workspace files, kept in the log, asked about every action. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import {
  baseOf,
  compilePolicy,
  maxWorkspaceBytes,
  problemLine,
  readWorkspaceBytes,
  readWorkspaceFile,
} from '#policy/file/index.ts';
import { judgeFacts } from '#policy/judge.ts';
import type { Policy } from '#policy/policy.ts';
import { allowedBy } from '#protocol/action-view.ts';
import { AppError } from '#protocol/error.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Log } from '#server/session/index.ts';
import type { Judge, Judgement, ProposedAction } from '#server/turn/index.ts';
import { allowanceFor } from './allowance.ts';

export interface PoliciesDeps {
  log: Log;
}

export interface Place {
  /** The folder that the checkout is made of. */
  dir: string;
  policy?: EventPayload<'policy.set'>;
}

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'workspace.invalid', message, cause });

/** Policies that are kept compiled; a session's is read again after that. */
const maxKept = 1_000;

export class Policies {
  readonly #deps: PoliciesDeps;
  /** By session and hash. */
  readonly #kept = new Map<string, Policy>();

  constructor(deps: PoliciesDeps) {
    this.#deps = deps;
  }

  /** Where a new session works: in `dir`, or where a workspace file says. Throws `workspace.invalid`, `input.invalid`. */
  async place(file: string | null, dir: string | null): Promise<Place> {
    if (file === null) {
      if (dir === null)
        throw new AppError({ code: 'input.invalid', message: 'dir: missing, and there is no workspace file' });
      return { dir };
    }
    if (!isAbsolute(file)) throw invalid('workspace: an absolute path is required');
    const read = readWorkspaceBytes(await bytesOf(file));
    if (!read.ok) throw invalid(read.problems.map((problem) => problemLine(file, problem)).join('\n'));
    const roots = { root: dir ?? dirname(file), home: homedir() };
    const base = baseOf(read.file, roots);
    if (base === null)
      throw invalid(`${file}:1:1: workspace.base_dir: lies outside of ${roots.root}; name a folder in it`);
    const policy = compilePolicy(read.file, base, roots.home);
    const restricted = policy.restrictedPaths.map(({ absolute }) => absolute);
    return { dir: base, policy: { file, text: read.text, hash: policy.hash, base, restricted } };
  }

  /** Judges by the session's rules. Without any everything is allowed, and recorded. */
  readonly judge: Judge = (action, view) => {
    if (!view.policy) return { ...recorded, facts: action.facts ?? null };
    const kept = this.#kept.get(keyOf(view));
    if (kept) return judged(action, view, kept);
    return this.#policyOf(view).then((policy) => judged(action, view, policy));
  };

  async #policyOf(view: SessionView): Promise<Policy> {
    const [set] = await this.#deps.log.readOf(view.id, 'policy.set', 1);
    if (!set) throw new Error('the rules of the session are not in its log');
    const read = readWorkspaceFile(set.payload.text);
    if (!read.ok) throw new Error('the rules of the session cannot be read any more');
    const policy = compilePolicy(read.file, set.payload.base, homedir());
    if (this.#kept.size >= maxKept) this.#kept.clear();
    this.#kept.set(keyOf(view), policy);
    return policy;
  }
}

const keyOf = (view: SessionView): string => `${view.id} ${view.policy?.hash}`;

const recorded: Judgement = { verdict: 'allow', rule: 'default.record', reasons: [], policyHash: '', command: null };

/** What the rules say of it, unless a person has allowed it for the session. Tools that nobody here knows are asked about. */
function judged(action: ProposedAction, view: SessionView, policy: Policy): Judgement {
  const { facts = null, kind } = action;
  const policyHash = policy.hash;
  if (!facts) {
    const reason = 'what it would touch is not known';
    return { verdict: 'ask', rule: 'default.unclear', reasons: [reason], policyHash, command: null, facts };
  }
  const verdict = judgeFacts(facts, [policy]);
  // A command without any facts was not looked at.
  const isEmpty = facts.commands.length + facts.paths.length + facts.hosts.length === 0;
  const isOther = kind === 'other' || kind === 'mcp' || isEmpty;
  const asked =
    isOther && verdict.verdict === 'allow'
      ? {
          ...verdict,
          verdict: 'ask' as const,
          rule: 'default.unknown-tool',
          reasons: [`what the tool ${action.tool} does is not known`],
        }
      : verdict;
  const allowance = asked.verdict === 'ask' ? allowanceFor(action, view) : null;
  const said = allowance
    ? {
        ...asked,
        verdict: 'allow' as const,
        rule: `${allowedBy}:${allowance.approvalId}`,
        reasons: [`allowed for this session by ${allowance.by}`],
      }
    : asked;
  const pauses = policy.onViolation === 'pause';
  return { ...said, reasons: [...said.reasons], policyHash, command: null, pauses, facts };
}

/** Never more than a workspace file can hold, and nothing but a file: a device or a pipe has no end. */
async function bytesOf(file: string): Promise<Uint8Array> {
  const unreadable = (cause: NodeJS.ErrnoException) =>
    invalid(
      cause.code === 'ENOENT' ? `workspace: ${file}: no such file` : `workspace: ${file}: the server cannot read it`,
      cause,
    );
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(cause);
  });
  if (!found.isFile()) throw invalid(`workspace: ${file}: not a file`);
  if (found.size > maxWorkspaceBytes) throw invalid(`${file}:1:1: larger than any workspace file; shorten it`);
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(cause);
  });
}

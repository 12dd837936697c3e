/** What is asked about a connection, and what is said of it. Types, and the way through the gate of all actions. */
import { createHash } from 'node:crypto';
import type { NetworkRequest } from '#policy/subject.ts';
import { egressRules } from '#protocol/egress-text.ts';
import type { TurnId } from '#protocol/id.ts';
import type { Gate } from '../gate.ts';
import type { GateAnswer } from '../harness/harness.ts';

/** Who makes a connection. */
export interface Maker {
  /** `shell` where no agent does. */
  agent: string;
  turnId: TurnId | null;
}

export interface EgressRequest extends Maker {
  host: string;
  port: number;
  /** As it is judged, here and by `policy check`. */
  request: NetworkRequest;
}

export interface EgressVerdict {
  verdict: 'allow' | 'deny';
  rule: string;
  reason: string;
  /** Further ones like it are told the same: until rules or allowances change, or in the same turn; null: they are asked about. */
  keep: 'rules' | 'turn' | null;
}

/** Resolves when there is a verdict, however long that takes; `signal` says that nobody waits any more. Never rejects. */
export type EgressJudge = (request: EgressRequest, signal: AbortSignal) => Promise<EgressVerdict>;

export interface GateJudgeOptions {
  gate: Pick<Gate, 'ask'>;
  /** Absolute folder that the agents of the session work in. */
  cwd: () => string;
}

/** Each question is an action, stated and judged like any other: people are asked in the inbox, for as long as it is held. */
export const createGateJudge =
  ({ gate, cwd }: GateJudgeOptions): EgressJudge =>
  async (asked, signal) => {
    const { agent, turnId, request } = asked;
    const answer = await gate.ask(
      {
        ...{ kind: 'network', tool: titleOf(asked), toolKind: 'network', command: null, paths: [], canEdit: false },
        ...{ agent, turnId, item: null, itemId: null, env: [], cwd: cwd(), connection: request },
      },
      signal,
    );
    return verdictOf(answer);
  };

function verdictOf(answer: GateAnswer): EgressVerdict {
  const { isKept = false, isDecided = false } = answer;
  if (answer.verdict === 'allow') {
    return { verdict: 'allow', rule: answer.rule ?? egressRules.allowed, reason: '', keep: isKept ? 'rules' : null };
  }
  const rule = answer.rule ?? (isDecided ? egressRules.denied : egressRules.undecided);
  return { verdict: 'deny', rule, reason: answer.message, keep: isKept ? 'rules' : isDecided ? 'turn' : null };
}

/** Longest host that a title has whole, in characters; a longer one is told from others by its hash. */
const maxHost = 120;

/** `CONNECT example.org:443`, `GET http://example.org`: the same for all that one approval covers. */
function titleOf({ host, port, request: { method } }: EgressRequest): string {
  const hash = createHash('sha256').update(host).digest('hex').slice(0, 16);
  const short = host.length > maxHost ? `${host.slice(0, maxHost)}…#${hash}` : host;
  const named = short.includes(':') ? `[${short}]` : short;
  if (method === 'CONNECT') return `CONNECT ${named}:${port}`;
  return `${method.slice(0, 20)} http://${named}${port === 80 ? '' : `:${port}`}`;
}

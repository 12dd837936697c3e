/** Verdicts on connections that are kept, and those that are asked for now: of several alike one is asked about. */
import { readHeaders } from '#policy/header.ts';
import { egressRules } from '#protocol/egress-text.ts';
import type { TurnId } from '#protocol/id.ts';
import type { EgressJudge, EgressRequest, EgressVerdict } from './verdict.ts';

interface Kept {
  word: EgressVerdict;
  turnId: TurnId | null;
}

interface Asked {
  word: Promise<EgressVerdict>;
  waiting: number;
  withdraw: () => void;
}

/** Kept at once; the oldest is asked about again. */
const maxKept = 1_000;
/** Questions at once: with every new link a runner names all that it holds. */
const maxAsked = 64;
/** Questions that are answered at once, too, come no faster. */
const pace = { perSecond: 20, burst: 200 } as const;

export const nobodyWaits: EgressVerdict = {
  ...{ verdict: 'deny', rule: egressRules.undecided, reason: 'whoever asked does not wait any more', keep: null },
};
export const takenBack: EgressVerdict = {
  ...{ verdict: 'deny', rule: egressRules.undecided, reason: 'the rules have changed meanwhile', keep: null },
};
const tooMany: EgressVerdict = {
  ...{ verdict: 'deny', rule: egressRules.tooMany, reason: 'too many connections want a verdict', keep: null },
};

/** Equal for those that one verdict is about. */
function keyOf({ agent, host, port, request }: EgressRequest): string {
  const { method, headers, addresses = null } = request;
  return JSON.stringify([agent, method, host, port, readHeaders(headers), addresses]);
}

export class KeptVerdicts {
  readonly #kept = new Map<string, Kept>();
  #asked = new Map<string, Asked>();
  /** Questions that are on their way, forgotten ones too. */
  #open = 0;
  /** Counts how often everything was forgotten. */
  #age = 0;
  #taken = 0;
  readonly #now: () => number;
  /** Questions that may be asked now. */
  #allowance: number = pace.burst;
  #pacedAt: number;
  readonly #endings: (() => void)[] = [];

  /** `now`: milliseconds that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#pacedAt = now();
  }

  /** What is known of it, or what `judge` says. `signal`: this one does not wait any more. Never rejects. */
  ask(request: EgressRequest, signal: AbortSignal, judge: EgressJudge): Promise<EgressVerdict> {
    const key = keyOf(request);
    const kept = this.#kept.get(key);
    if (kept && (kept.word.keep === 'rules' || kept.turnId === request.turnId)) return Promise.resolve(kept.word);
    if (signal.aborted) return Promise.resolve(nobodyWaits);
    const asked = this.#asked.get(key) ?? this.#begin(key, request, judge);
    return asked === null ? Promise.resolve(tooMany) : waitFor(asked, signal);
  }

  /** Rules or allowances have changed: what is asked for now is not kept, and whoever comes next is asked about anew. */
  forget(): void {
    this.#age++;
    this.#kept.clear();
    this.#asked = new Map();
  }

  /** The same, where something may not be allowed any more: what was let through before ends, and is asked about again. */
  takeBack(): void {
    this.forget();
    this.#taken++;
    for (const end of this.#endings) end();
  }

  get timesTakenBack(): number {
    return this.#taken;
  }

  onTakenBack(end: () => void): void {
    this.#endings.push(end);
  }

  #begin(key: string, request: EgressRequest, judge: EgressJudge): Asked | null {
    if (this.#open >= maxAsked || !this.#isPaced()) return null;
    this.#open++;
    const gone = new AbortController();
    const { turnId } = request;
    const [age, all] = [this.#age, this.#asked];
    const word = judge(request, gone.signal).then((said) => {
      this.#open--;
      if (all.get(key) === asked) all.delete(key);
      if (said.keep !== null && age === this.#age) this.#keep(key, { word: said, turnId });
      return said;
    });
    const withdraw = () => {
      if (all.get(key) === asked) all.delete(key);
      gone.abort();
    };
    const asked: Asked = { word, waiting: 0, withdraw };
    all.set(key, asked);
    return asked;
  }

  /** Each question is a fact: no more are stated than the server takes beside all others. */
  #isPaced(): boolean {
    const now = this.#now();
    this.#allowance = Math.min(pace.burst, this.#allowance + ((now - this.#pacedAt) / 1_000) * pace.perSecond);
    this.#pacedAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** The last one who does not wait any more withdraws the question. */
function waitFor(asked: Asked, signal: AbortSignal): Promise<EgressVerdict> {
  asked.waiting++;
  return new Promise((resolve) => {
    const leave = () => {
      asked.waiting--;
      if (asked.waiting === 0) asked.withdraw();
      resolve(nobodyWaits);
    };
    signal.addEventListener('abort', leave, { once: true });
    void asked.word.then((word) => {
      signal.removeEventListener('abort', leave);
      resolve(word);
    });
  });
}

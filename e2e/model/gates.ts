/** Gates of a script: an answer waits at a closed one until it is opened, once and for all. Knows no answer. */
export class Gates {
  readonly #open = new Set<string>();
  readonly #waiting = new Map<string, Set<(isOpen: boolean) => void>>();

  /** Resolves with true when the gate is open, with false when `signal` ends the wait. */
  pass(name: string, signal: AbortSignal): Promise<boolean> {
    if (this.#open.has(name)) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting);
    return new Promise((resolve) => {
      const settle = (isOpen: boolean) => {
        waiting.delete(settle);
        resolve(isOpen);
      };
      waiting.add(settle);
      signal.addEventListener('abort', () => settle(false), { once: true });
    });
  }

  open(name: string): void {
    this.#open.add(name);
    for (const settle of [...(this.#waiting.get(name) ?? [])]) settle(true);
  }

  /** How many answers wait at each gate, and which gates are open. */
  list(): { name: string; isOpen: boolean; waiting: number }[] {
    const names = new Set([...this.#open, ...this.#waiting.keys()]);
    return [...names].map((name) => ({
      name,
      isOpen: this.#open.has(name),
      waiting: this.#waiting.get(name)?.size ?? 0,
    }));
  }
}

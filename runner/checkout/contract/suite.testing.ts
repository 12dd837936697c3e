/** What each part of the checkout contract is given. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { Checkout, CheckoutCreated, CheckoutMethod, CheckoutRequest } from '../checkout.ts';
import { describeTree, Workplace } from './source.testing.ts';

/** A way of making checkouts, and what the contract has to know to look at them. */
export interface TestedMethod extends CheckoutMethod {
  /** Names that it has in a session's folder besides the checkout and its record. */
  readonly parts: readonly string[];
  /** Sentences that every created event of a git repository ends with. */
  readonly notes: readonly string[];
  /** Leaves the files of the sessions below `folder` to whoever comes next, as the end of the process does. */
  release(folder: string): Promise<void>;
}

/** One that has nothing to say. */
export const tested = (method: CheckoutMethod): TestedMethod => ({
  ...method,
  ...{ parts: [], notes: [], release: async () => undefined },
});

export interface Suite {
  readonly place: Workplace;
  readonly method: TestedMethod;
  /** Makes a checkout of `source`, and fails if doing so changed a single byte, mode or time of `watched` (the source). */
  make(
    source: string,
    options?: Partial<CheckoutRequest> & { watched?: string },
  ): Promise<{ checkout: Checkout; created: CheckoutCreated; directory: string }>;
  /** The AppError that making it ends with; the source must be unchanged and nothing left in the session folder. */
  refuse(
    source: string,
    options?: Partial<CheckoutRequest> & { watched?: string },
  ): Promise<{ code: string; message: string }>;
}

/** Sets the suite up inside the current `describe`; its folders are made in `parent`. */
export function useSuite(method: TestedMethod, parent?: string): Suite {
  const state: { place: Workplace | null } = { place: null };
  beforeAll(() => {
    state.place = new Workplace(parent);
  });
  afterAll(async () => {
    if (state.place) await method.release(state.place.folder);
    state.place?.remove();
  });
  const place = () => {
    if (!state.place) throw new Error('the workplace is there in tests only');
    return state.place;
  };
  const request = (source: string, options: Partial<CheckoutRequest> = {}): CheckoutRequest => ({
    source,
    directory: place().session(),
    branch: 'omnigent/work',
    includesChanges: false,
    restricted: [],
    ...options,
  });
  return {
    method,
    get place() {
      return place();
    },
    async make(source, { watched = source, ...options } = {}) {
      const before = describeTree(watched);
      const wanted = request(source, options);
      const made = await method.create(wanted);
      expect(describeTree(watched)).toEqual(before);
      const notes = made.created.notes.filter((note) => !method.notes.includes(note));
      return { ...made, created: { ...made.created, notes }, directory: wanted.directory };
    },
    async refuse(source, { watched, ...options } = {}) {
      const before = watched === undefined ? [] : describeTree(watched);
      const wanted = request(source, options);
      const error: unknown = await method.create(wanted).then(
        () => new Error('it was not refused'),
        (cause: unknown) => cause,
      );
      if (watched !== undefined) expect(describeTree(watched)).toEqual(before);
      expect(await method.reopen(wanted.directory)).toBeNull();
      expect(error).toHaveProperty('code');
      return error as { code: string; message: string };
    },
  };
}

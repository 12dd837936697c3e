/** Overlay checkouts for tests: the data folder is the one that sessions of a workplace are in. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CheckoutRequest } from '../../checkout.ts';
import type { TestedMethod } from '../../contract/suite.testing.ts';
import { defaultLimits } from '../../limits.ts';
import { OverlayCheckouts, systemMounter } from '../index.ts';
import { overlayNote } from '../overlay-checkout.ts';

export const dataOf = (directory: string): string => dirname(dirname(directory));

const methods = new Map<string, OverlayCheckouts>();

/** One for each data folder, as in a process. */
export function overlaysIn(data: string): OverlayCheckouts {
  const known = methods.get(data);
  const options = { limits: defaultLimits, now: () => performance.now(), owner: null, mounter: systemMounter };
  const made = known ?? new OverlayCheckouts({ ...options, data });
  methods.set(data, made);
  return made;
}

/** Where something is mounted below `folder`, as this process sees it. */
const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));

export const testedOverlays: TestedMethod = {
  create: (request: CheckoutRequest) => overlaysIn(dataOf(request.directory)).create(request),
  reopen: (directory) => overlaysIn(dataOf(directory)).reopen(directory),
  parts: ['up', 'wk', 'lock'],
  notes: [overlayNote],
  async release(folder) {
    for (const root of mountsBelow(folder)) await overlaysIn(dataOf(dirname(root))).release(dirname(root));
  },
};

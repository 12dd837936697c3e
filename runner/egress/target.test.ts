/** Where requests want to go, over spellings that nobody would think of. */
import { isIP } from 'node:net';
import { expect, it } from 'vitest';
import { refusedAddress } from '#policy/network.ts';
import { connectTarget, requestTarget, type Target } from './target.ts';

/** The same numbers every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const parts = [
  ...[
    'example',
    'org',
    'EXAMPLE',
    'xn--bcher-kva',
    '127',
    '0',
    '1',
    '0x7f',
    '0177',
    '2130706433',
    '169.254.169.254',
    'localhost',
  ],
  ...[
    '.',
    '..',
    ':',
    '@',
    '/',
    '\\',
    '#',
    '?',
    '%2e',
    '%00',
    '[',
    ']',
    '::',
    '::1',
    '::ffff:',
    '1%25eth0',
    '-',
    '_',
    '~',
    '*',
  ],
  ...[
    '80',
    '443',
    ':443',
    ':0',
    ':65536',
    ' ',
    '\t',
    '\u00ad',
    '\u3002',
    '\uff0e',
    'ｅ',
    'ß',
    '\u202e',
    'é',
    '"',
    "'",
    '(',
    ';',
    ',',
  ],
];
const next = seeded(20_261_127);
const pick = (): string => parts[Math.floor(next() * parts.length)] ?? '';
const words = (): string => Array.from({ length: 1 + Math.floor(next() * 6) }, pick).join('');

const privateIp = /^(?:127\.|0\.|169\.254\.|::1$|::ffff:)/;
const strictHost = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|[0-9a-f:]+)$/;

/** What is dialled is what any reader of the address takes for its host. */
function isOneThing({ url, host, port, path }: Target): boolean {
  const read = new URL(url);
  const isSame = read.hostname.replace(/^\[|\]$/g, '') === host && (read.port === '' || Number(read.port) === port);
  return isSame && strictHost.test(host) && port > 0 && port < 65_536 && read.username === '' && path.startsWith('/');
}

it('[EGR2] of 20,000 odd targets each is read in one way or none, and private ones are told as such', () => {
  let read = 0;
  for (let n = 0; n < 20_000; n++) {
    const place = words();
    const targets = [connectTarget(`${place}:443`), connectTarget(place), requestTarget('GET', `http://${place}/a`)];
    for (const target of targets.filter((each) => each !== null)) {
      read++;
      expect([place, isOneThing(target)]).toEqual([place, true]);
      const isPrivate = target.host === 'localhost' || (isIP(target.host) > 0 && privateIp.test(target.host));
      if (isPrivate) expect([place, refusedAddress(target.url)]).toEqual([place, expect.any(String)]);
    }
  }
  expect(read).toBeGreaterThan(500);
});

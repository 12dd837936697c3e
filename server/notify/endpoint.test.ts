import { expect, it } from 'vitest';
import { publicLookup, refusedEndpoint } from './endpoint.ts';

const resolve = (name: string, allowsLoopback: boolean, all = true) =>
  new Promise((done) => {
    publicLookup(allowsLoopback)(name, { all }, (error, address) => done(error ? error.message : address));
  });

it('[NTF7] a name that leads to this machine or a private network is not connected to', async () => {
  expect(await resolve('localhost', false)).toBe('localhost is not a public address');
  expect(await resolve('localhost', true)).toEqual(
    expect.arrayContaining([expect.objectContaining({ address: expect.stringMatching(/^(127\.|::1)/) })]),
  );
  expect(await resolve('localhost', true, false)).toMatch(/^(127\.|::1)/);
  expect(await resolve('10.1.2.3', true)).toBe('10.1.2.3 is not a public address');
  expect(await resolve('9.9.9.9', false, false)).toBe('9.9.9.9');
});

it('[NTF7] the switch for this machine opens nothing else', () => {
  expect(refusedEndpoint('http://127.0.0.1:9/x', true)).toBeNull();
  expect(refusedEndpoint('https://push.example.com/x', false)).toBeNull();
  for (const endpoint of [
    'http://push.example.com/x',
    'https://10.0.0.1/x',
    'https://127.0.0.1.example/',
    'nonsense',
  ]) {
    const isPublic = endpoint === 'https://127.0.0.1.example/';
    expect(refusedEndpoint(endpoint, true) === null, endpoint).toBe(isPublic);
  }
});

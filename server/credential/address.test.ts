import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { checkedLookup, refusedAddressOf } from './address.ts';

const lookUp = (addresses: string[], isPlain = false) =>
  new Promise<unknown>((resolve) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    checkedLookup(isPlain, async () => found)('git.example.com', { all: true }, (cause, answer) =>
      resolve(cause ?? answer),
    );
  });

it('[CRD22] a cloud’s metadata is never reached, by any spelling or name; private addresses are, because an owner set them', async () => {
  const never = [
    ...[
      '169.254.169.254',
      '169.254.0.1',
      '168.63.129.16',
      '100.100.100.200',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...['::', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe'],
    ...['64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1'],
  ];
  for (const address of never)
    expect(refusedAddressOf(address, false), address).toMatch(/credentials, or of no one machine/);
  const fine = ['10.0.0.7', '192.168.1.5', '127.0.0.1', '::1', 'fd12::7', '93.184.215.14', '2606:2800::1'];
  for (const address of fine) expect(refusedAddressOf(address, false), address).toBeNull();
  for (const address of fine) {
    expect(refusedAddressOf(address, true) === null, address).toBe(address === '127.0.0.1' || address === '::1');
  }
});

it('[CRD22] a name is resolved once: one refused address among its answers refuses all, and the connection goes to what was looked at', async () => {
  expect(await lookUp(['10.0.0.7', '93.184.215.14'])).toMatchObject([{ address: '10.0.0.7' }, {}]);
  expect(await lookUp(['93.184.215.14', '169.254.169.254'])).toMatchObject({
    message: expect.stringMatching(/169\.254/),
  });
  expect(await lookUp(['127.0.0.1', '10.0.0.7'], true)).toMatchObject({
    message: expect.stringMatching(/not encrypted/),
  });
  expect(await lookUp([])).toMatchObject({ message: 'git.example.com has no address' });
});

it('[CRD22] a name that means another address the second time is connected to by the first', async () => {
  const server = createServer((_, response) => response.end('the first'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const answers = ['127.0.0.1', '169.254.169.254'];
  let asked = 0;
  const lookup = checkedLookup(true, async () => [{ address: answers[asked++] ?? '', family: 4 }]);
  const { port } = server.address() as AddressInfo;
  const text = await new Promise<string>((resolve, reject) => {
    const call = request({ hostname: 'rebound.example.com', port, lookup });
    call.on('error', reject);
    call.on('response', (answer) => answer.setEncoding('utf8').on('data', resolve));
    call.end();
  });
  expect([text, asked]).toEqual(['the first', 1]);
});

import { describe, expect, it } from 'vitest';
import { createOrigins } from './origin.ts';

describe('our hosts and origins', () => {
  it('[SRV2] loopback names with the port listened on, and nothing that only looks like them', () => {
    const { isOurHost, isOurOrigin } = createOrigins({ listen: '127.0.0.1', port: 4100, publicUrl: null });
    for (const host of ['127.0.0.1:4100', 'localhost:4100', 'LOCALHOST:4100', '[::1]:4100']) {
      expect(isOurHost(host)).toBe(true);
      expect(isOurOrigin(`http://${host.toLowerCase()}`)).toBe(true);
    }
    const foreign = [
      'evil.example',
      'evil.example:4100',
      '127.0.0.1',
      '127.0.0.1:4101',
      'localhost.:4100',
      '0.0.0.0:4100',
    ];
    for (const host of [...foreign, '127.0.0.1:4100.evil.example', '', ' localhost:4100', '[::]:4100']) {
      expect(isOurHost(host)).toBe(false);
      expect(isOurOrigin(`http://${host}`)).toBe(false);
    }
    expect(isOurHost(undefined)).toBe(false);
    for (const origin of ['null', '', 'https://127.0.0.1:4100', 'http://127.0.0.1:4100/', 'HTTP://127.0.0.1:4100']) {
      expect(isOurOrigin(origin)).toBe(false);
    }
  });

  it('the public address joins them, without a port it does not have', () => {
    const options = { listen: '0.0.0.0', port: 4100, publicUrl: 'https://app.example.com' };
    const { isOurHost, isOurOrigin } = createOrigins(options);
    expect(isOurHost('app.example.com')).toBe(true);
    expect(isOurOrigin('https://app.example.com')).toBe(true);
    expect(isOurHost('localhost:4100')).toBe(true);
    const foreign = ['http://app.example.com', 'https://app.example.com:444', 'https://app.example.com.evil.example'];
    for (const origin of [
      ...foreign,
      'https://app.example.com.',
      'https://APP.example.com',
      'https://x.app.example.com',
    ])
      expect(isOurOrigin(origin)).toBe(false);
    for (const host of ['app.example.com:444', 'app.example.com.', 'x.app.example.com'])
      expect(isOurHost(host)).toBe(false);
  });

  it('an address of the network is ours when it is the one listened on', () => {
    const lan = createOrigins({ listen: '192.0.2.7', port: 80, publicUrl: null });
    expect(lan.isOurHost('192.0.2.7:80')).toBe(true);
    expect(lan.isOurHost('192.0.2.7')).toBe(true);
    expect(lan.isOurOrigin('http://192.0.2.7')).toBe(true);
    const six = createOrigins({ listen: '2001:db8::7', port: 4100, publicUrl: null });
    expect(six.isOurHost('[2001:db8::7]:4100')).toBe(true);
  });
});

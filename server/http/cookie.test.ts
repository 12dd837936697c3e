import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createCookieJar } from './cookie.ts';

const token = `brw_${'a'.repeat(43)}`;
const request = (cookie?: string) => ({ headers: { cookie } }) as IncomingMessage;

describe('cookie of a browser session', () => {
  it('[AUT1] is bound to this host, never readable by scripts, never sent by other sites', () => {
    const jar = createCookieJar(false);
    const parts = jar.set(token, 60).split('; ');
    expect(parts[0]).toBe(`__Host-omnigent=${token}`);
    expect(parts.slice(1).sort()).toEqual(['HttpOnly', 'Max-Age=60', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(jar.clear()).toContain('Max-Age=0');
  });

  it('only the explicit wish for plain HTTP leaves Secure and the prefix out', () => {
    const header = createCookieJar(true).set(token, 60);
    expect(header).toMatch(/^omnigent=/);
    expect(header).not.toContain('Secure');
    expect(header).toContain('HttpOnly');
  });

  it('is read among others, and from nothing that only looks like it', () => {
    const jar = createCookieJar(false);
    expect(jar.read(request(`theme=dark; __Host-omnigent=${token}; x=1`))).toBe(token);
    expect(jar.read(request(`__Host-omnigent=${token}`))).toBe(token);
    for (const header of [
      undefined,
      '',
      `omnigent=${token}`,
      `x__Host-omnigent=${token}`,
      `__Host-omnigent2=${token}`,
      `__host-omnigent=${token}`,
      '__Host-omnigent=short',
      `__Host-omnigent=${token}%00`,
      `__Host-omnigent=${'a'.repeat(5_000)}`,
      `x="__Host-omnigent=${token}`,
    ])
      expect(jar.read(request(header))).toBeNull();
  });
});

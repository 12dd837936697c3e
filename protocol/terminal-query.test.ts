import { describe, expect, it } from 'vitest';
import { isSafeLink } from './terminal-query.ts';

describe('a link in output', () => {
  it.each(['http://example.com', 'https://example.com/a?b=c#d', 'HTTPS://example.com:8443/%20', 'http://[::1]:3000/'])(
    '[TRM8] to %s can be opened',
    (address) => {
      expect(isSafeLink(address)).toBe(true);
    },
  );

  it.each([
    ['a script', 'javascript:alert(1)'],
    ['a script in capitals', 'JaVaScRiPt:alert(1)'],
    ['a script behind a tab', 'java\tscript:alert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['a file', 'file:///etc/passwd'],
    ['another program', 'ssh://example.com'],
    ['a page of the browser', 'about:blank'],
    ['a place on this page', '/settings'],
    ['a host without scheme', '//example.com'],
    ['sign-in data', 'https://ada:secret@example.com/'],
    ['a name that hides the host', 'https://example.com@evil.example/'],
    ['a backslash', 'https://example.com\\@evil.example/'],
    ['a line end', 'https://example.com/\n'],
    ['a blank', 'https://example.com/ x'],
    ['a control', 'https://example.com/\u009b'],
    ['text turned round', 'https://example.com/\u202egpj.exe'],
    ['no host', 'https://'],
    ['5,000 characters', `https://example.com/${'x'.repeat(5000)}`],
  ])('[TRM8] to %s is not opened', (_, address) => {
    expect(isSafeLink(address)).toBe(false);
  });
});

/** Whose name commits carry where nobody else says. */
import { execFile } from 'node:child_process';

export interface Author {
  name: string;
  email: string;
}

/** Whose name the person's own git would put into commits. */
export function readAuthor(): Promise<Author | null> {
  const args = ['config', '--global', '--no-includes', '--null', '--get-regexp', '^user\\.(name|email)$'];
  return new Promise((resolve) => {
    execFile('git', args, { timeout: 5_000, cwd: '/' }, (_, output) => {
      const values = new Map(
        output
          .split('\0')
          .map((line): [string, string] => [line.split('\n')[0] ?? '', line.slice(line.indexOf('\n') + 1)]),
      );
      const [name, email] = [values.get('user.name'), values.get('user.email')];
      resolve(name && email ? { name, email } : null);
    });
  });
}

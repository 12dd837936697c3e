/** Bounds of a program in a sandbox, as arguments of prlimit. What the machine already bounds lower stays so. */
import { readFileSync } from 'node:fs';

/** No program needs more: processes and threads, open files, bytes in one file, bytes of a core file. */
const wanted = { nproc: 4096, nofile: 65_536, fsize: 10 * 1024 ** 3, core: 0 } as const;

const rows: Readonly<Record<keyof typeof wanted, string>> = {
  nproc: 'Max processes',
  nofile: 'Max open files',
  fsize: 'Max file size',
  core: 'Max core file size',
};

/** `limits` is the text of /proc/PID/limits. */
export function limitArguments(limits: string): string[] {
  return Object.entries(rows).map(([name, row]) => {
    const line = limits.split('\n').find((each) => each.startsWith(row)) ?? '';
    const hard = line.slice(row.length).trim().split(/\s+/)[1] ?? '';
    const most = wanted[name as keyof typeof wanted];
    return `--${name}=${/^\d+$/.test(hard) ? Math.min(Number(hard), most) : most}`;
  });
}

export const readLimits = (): string => readFileSync('/proc/self/limits', 'utf8');

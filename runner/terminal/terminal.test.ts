/** A terminal with real programs: what arrives, in which pieces, what it holds back and how it ends. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newId } from '#protocol/id.ts';
import { maxOutputBytes } from '#protocol/terminal-frame.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const source = { now: () => 0, random: (bytes: Uint8Array) => void bytes.fill(3) };
const opened: Terminal[] = [];

afterEach(() => {
  for (const terminal of opened.splice(0)) terminal.dispose();
});

/** A program and everything it printed, checked for gaps as it arrives. */
function run(script: string) {
  const pieces: Uint8Array[] = [];
  const exits: object[] = [];
  const told: { line: string; program: string; at: number }[] = [];
  let end = 0;
  const terminal = openTerminal({
    ...{ terminalId: newId('terminal', source), file: '/bin/sh', args: ['-c', script], cwd: '/', cols: 80, rows: 24 },
    env: { PATH: process.env.PATH, TERM: 'xterm-256color' },
    onOutput({ offset, data }) {
      expect(offset).toBe(end);
      expect(exits).toEqual([]);
      end += data.length;
      pieces.push(data);
    },
    onResized: () => undefined,
    onExit: (exit) => exits.push(exit),
    onActivity: (activity) => told.push({ ...activity, at: performance.now() }),
  });
  opened.push(terminal);
  const text = () => Buffer.concat(pieces).toString('latin1');
  return { terminal, pieces, exits, told, text, end: () => end };
}

const soon = { timeout: 10_000, interval: 10 };

describe('output of a program', () => {
  it('[TRM1] is whole when it ends right after printing much', async () => {
    const { terminal, text, end } = run('seq 200000; printf last');
    await terminal.ended;
    const lines = text().split('\r\n');
    expect(lines).toHaveLength(200_001);
    expect(lines.every((line, n) => line === (n < 200_000 ? String(n + 1) : 'last'))).toBe(true);
    expect(terminal.end).toBe(end());
  });

  it('[TRM2] is handed on in pieces of at most 64 KiB that are never empty', async () => {
    const { terminal, pieces } = run('head -c 3000000 /dev/zero | tr "\\0" x');
    await terminal.ended;
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(maxOutputBytes);
    expect(Math.min(...pieces.map(({ length }) => length))).toBeGreaterThan(0);
    expect(Buffer.concat(pieces).length).toBe(3_000_000);
  });

  it('[TRM2] is there before a snapshot of the same turn, and the snapshot has it', async () => {
    const { terminal, text } = run('echo begun; read line; echo "got $line"; read line');
    await vi.waitFor(() => expect(text()).toContain('begun'), soon);
    terminal.write(Buffer.from('it\n'));
    await vi.waitFor(async () => {
      const { offset, data } = await terminal.snapshot();
      expect(offset).toBe(terminal.end);
      expect(Buffer.from(data).toString()).toContain('got it');
    }, soon);
  });

  it('[TRM10] is stopped by Ctrl-C in the middle of a flood', async () => {
    const { terminal, text } = run('trap "echo; echo stopped; exit 7" INT; while :; do seq 1000; done');
    await vi.waitFor(() => expect(terminal.end).toBeGreaterThan(1_000_000), soon);
    terminal.write(Buffer.from('\x03'));
    await terminal.ended;
    expect(text().trimEnd().endsWith('stopped')).toBe(true);
    const { lines } = await terminal.screen();
    expect(lines.filter((line) => line !== '').at(-1)).toBe('stopped');
  });

  it('[TRM15] a program that does not read gets no more than about 1 MiB of keys', async () => {
    const { terminal, text } = run('stty raw -echo; echo ready; sleep 600');
    await vi.waitFor(() => expect(text()).toContain('ready'), soon);
    const paste = Buffer.alloc(256 * 1024, 'x');
    const taken = Array.from({ length: 20 }, () => terminal.write(paste)).filter(Boolean).length;
    expect(taken).toBeGreaterThanOrEqual(4);
    expect(taken).toBeLessThanOrEqual(6);
    expect(terminal.write(Buffer.from('y'))).toBe(false);
  });
});

describe('the end of a program', () => {
  it.each([
    ['exit 3', { exitCode: 3, signal: null }],
    ['exit 0', { exitCode: 0, signal: null }],
    ['kill -9 $$', { exitCode: null, signal: 9 }],
    ['kill -15 $$', { exitCode: null, signal: 15 }],
  ])('[TRM16] %s is told once, and nothing is done to it afterwards', async (script, exit) => {
    const { terminal, exits } = run(script);
    await terminal.ended;
    expect(exits).toEqual([exit]);
    expect(terminal.isRunning).toBe(false);
    expect(terminal.write(Buffer.from('x'))).toBe(false);
    terminal.resize(100, 30);
    terminal.kill('SIGKILL');
    expect(terminal.cols).toBe(80);
    await terminal.snapshot();
    expect(exits).toEqual([exit]);
  });
});

describe('what a terminal shows at a glance', () => {
  it('[TRM13] is told at most once a second, on change, without control characters', async () => {
    const { told } = run(
      'n=0; while [ $n -lt 25 ]; do n=$((n+1)); printf "\\033[31m\\342\\200\\256line %d\\033[m\\n" $n; sleep 0.1; done; read line',
    );
    await vi.waitFor(() => expect(told.at(-1)?.line).toBe('line 25'), soon);
    expect(told.length).toBeLessThanOrEqual(5);
    const gaps = told.slice(1).map(({ at }, n) => at - (told[n]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(950);
    expect(told.at(-1)?.program).toMatch(/(^|\/)sh$/);
  });

  it('[TRM13] tells a line that fills several rows as the one it is', async () => {
    const long = Array.from({ length: 30 }, (_, n) => `word${n}`).join(' ');
    const { told } = run(`printf 'first\\n${long}'; read line`);
    await vi.waitFor(() => expect(told.at(-1)?.line).toBe(long), soon);
  });
});

import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ServerProcess, type Visitor } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';
import { RealTerminal } from './real-terminal.ts';

let server: ServerProcess;
let commands: Commands;
const open: RealTerminal[] = [];

beforeAll(async () => {
  server = await ServerProcess.start({ onHome: prepareHome });
  commands = new Commands(server, await makeRepository(path.join(server.folder, 'person', 'example')));
}, 120_000);
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill();
});
afterAll(() => server.stop(), 60_000);

/** `omnigent attach ARGS` in a window of its own. */
function attach(args: string[], size = { cols: 80, rows: 24 }): RealTerminal {
  const terminal = new RealTerminal({ args: ['attach', ...args], home: server.home, cwd: commands.cwd, ...size });
  open.push(terminal);
  return terminal;
}

/** Opens the session's page, so that the others know who it is. */
async function join(visitor: Visitor, session: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    visitor.api.session.presence.subscribe({ session }, { onData: () => resolve(), onError: reject });
  });
}

const trimmed = (lines: string[]) => lines.map((line) => line.trimEnd());
const timeout = 120_000;

describe('in a window', { timeout }, () => {
  it('[CLI13] two windows and `terminal screen` show the same, and the size follows the driver', async () => {
    const program = ['sh', '-c', 'trap "stty size" WINCH; while :; do read -r line && eval "$line"; done'];
    await commands.session('same', program);
    const driver = attach(['same'], { cols: 90, rows: 20 });
    const watcher = attach(['same', '--watch'], { cols: 90, rows: 20 });
    await driver.shows('20 90');
    driver.type("printf '\\033[1;31mred \\033[7mwide 漢字\\033[0m e\\314\\201 end\\n'\r");
    await watcher.shows('red wide 漢字 e\u0301 end');
    driver.resize(70, 16);
    await driver.shows('16 70');
    watcher.resize(70, 16);
    const screen = await commands.screen('same');
    await expect.poll(() => trimmed(driver.lines())).toEqual(trimmed(screen));
    await expect.poll(() => trimmed(watcher.lines())).toEqual(trimmed(screen));
    const cell = (of: RealTerminal) => {
      const y = of.lines().findIndex((line) => line.startsWith('red wide'));
      const at = of.emulator.buffer.active.getLine(y)?.getCell(5);
      return [at?.getChars(), at?.getFgColor(), at?.isBold() !== 0, at?.isInverse() !== 0];
    };
    expect(cell(driver)).toEqual(['i', 1, true, true]);
    expect(cell(watcher)).toEqual(cell(driver));
  });

  it('[CLI14] a window of another size shows the part around the cursor, a larger one says who drives', async () => {
    await commands.session('sizes', ['sh', '-c', 'seq 1 30; printf "%0100d" 7; exec cat']);
    await expect.poll(() => commands.screen('sizes')).toContain('30');
    const small = attach(['sizes', '--watch'], { cols: 30, rows: 6 });
    const large = attach(['sizes', '--watch'], { cols: 100, rows: 30 });
    const screen = await commands.screen('sizes');
    await large.shows(/you drive · 80 × 24 · Ctrl-\\ leaves/);
    expect(trimmed(large.lines()).slice(0, 24)).toEqual(trimmed(screen));
    await small.shows('7');
    expect(trimmed(small.lines())).toEqual(screen.slice(18).map((line) => line.slice(0, 30)));
  });

  it('[CLI15] only characters, styles and modes reach the window: nothing is asked, copied or renamed', async () => {
    const hostile = [
      ...['\\033[c', '\\033[>c', '\\033[5n', '\\033[6n', '\\033[18t', '\\033]10;?\\007', '\\033P$qm\\033\\\\'],
      ...['\\033]52;c;aGk=\\007', '\\033]0;owned\\007', '\\033]8;;javascript:x\\007link\\033]8;;\\007', '\\033c'],
    ].join('');
    await commands.session('hostile', ['sh', '-c', `printf '${hostile}'; echo calm; exec cat`]);
    const window = attach(['hostile']);
    await window.shows('calm');
    expect(window.replies).toBe('');
    const sequences = window.raw.split('\x1b').slice(1);
    expect(sequences.filter((text) => /^(\]|P|c|\[[0-9;>]*[cnt])/.test(text))).toEqual([]);
  });

  it('[CLI16] keys typed while the server is away arrive once and in order; the window says that it reconnects', async () => {
    await commands.session('away');
    const window = attach(['away']);
    await window.shows(/[#$]/);
    window.type('echo before\r');
    await window.shows(/^before$/m);
    await server.kill();
    await window.shows('reconnecting');
    window.type('echo af');
    window.type('ter\r');
    await server.restart();
    await window.shows(/^after$/m);
    expect(window.text()).not.toContain('reconnecting');
    const screen = await commands.screen('away');
    expect(screen.filter((line) => line === 'after')).toHaveLength(1);
    await expect.poll(() => trimmed(window.lines())).toEqual(trimmed(screen));
  });

  it('[CLI17] Ctrl-\\ leaves with 0, a signal with its code, and the terminal is as before every time', async () => {
    await commands.session('leave', [
      'sh',
      '-c',
      "printf '\\033[?1049h\\033[?1003;1006;2004h\\033[?25lbusy'; exec cat",
    ]);
    const restored = (window: RealTerminal) => {
      const { buffer, modes } = window.emulator;
      return [buffer.active.type, modes.mouseTrackingMode, modes.bracketedPasteMode, modes.wraparoundMode];
    };
    for (const [leave, exitCode] of [
      [(window: RealTerminal) => window.type('\x1c'), 0],
      [(window: RealTerminal) => process.kill(window.pid, 'SIGTERM'), 143],
      [(window: RealTerminal) => process.kill(window.pid, 'SIGINT'), 130],
    ] as const) {
      const window = attach(['leave']);
      await window.shows('busy');
      await expect.poll(() => restored(window), { timeout: 20_000 }).toEqual(['alternate', 'any', true, false]);
      leave(window);
      expect(await window.exited).toBe(exitCode);
      await expect.poll(() => restored(window)).toEqual(['normal', 'none', false, true]);
      expect(window.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(window.raw.lastIndexOf('\x1b[?25l'));
    }
  });

  it('[CLI18] ends with the program: 0 when it exits 0, else 1, with its last picture and how it ended', async () => {
    await commands.session('good', ['sh', '-c', 'read x; echo done well']);
    const good = attach(['good']);
    await good.shows('');
    good.type('\r');
    expect(await good.exited).toBe(0);
    await good.shows(/done well\s+omnigent: program exited 0/);
    await commands.session('bad', ['sh', '-c', 'read x; exit 3']);
    const bad = attach(['bad']);
    bad.type('\r');
    expect(await bad.exited).toBe(1);
    await bad.shows('omnigent: program exited 3');
  });

  it('[CLI19] a watcher sends nothing; a typist beside the driver is told who drives and may take the wheel', async () => {
    const jonas = await server.signIn('Jonas');
    await commands.session('wheel');
    const watcher = attach(['wheel', '--watch']);
    await watcher.shows(/[#$]/);
    watcher.type('echo watched\r');
    const typist = attach(['wheel'], { cols: 100, rows: 30 });
    await typist.shows(/[#$]/);
    await join(jonas, 'wheel');
    await jonas.api.terminal.take.mutate({ session: 'wheel' });
    typist.type('x');
    await typist.shows(/Jonas drives; `omnigent terminal take wheel`/);
    const taker = attach(['wheel', '--take'], { cols: 90, rows: 28 });
    taker.type('echo taken; stty size\r');
    await taker.shows(/^taken$/m);
    await taker.shows(/^28 90$/m);
    const screen = (await commands.screen('wheel')).join('\n');
    expect(screen).not.toContain('watched');
    expect(screen).not.toMatch(/[#$] x/);
  });
});

describe('through pipes', { timeout }, () => {
  it('[CLI20] output arrives raw and whole, and the exit code says how the program ended', async () => {
    await commands.session('raw', ['sh', '-c', "stty -onlcr; printf '\\000\\001\\377\\033[31m'; seq 1 20000; exit 4"]);
    const { exitCode, stdout, stderr } = await commands.run(['attach', 'raw', '--pipe']);
    const numbers = Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join('');
    expect(stdout).toBe(`\x00\x01\xff\x1b[31m${numbers}`);
    expect([exitCode, stderr]).toEqual([1, 'omnigent: program exited 4\n']);
  });

  it('[CLI21] input arrives whole however much it is, and its end does not end the program', async () => {
    const input = Buffer.from(Array.from({ length: 1_500_000 }, (_, at) => (at * 7919) % 251));
    const program = 'stty raw -echo; echo ready; head -c 1500000 | sha256sum; sleep 1; echo still here';
    await commands.session('input', ['sh', '-c', program]);
    await expect.poll(() => commands.screen('input')).toContain('ready');
    const { exitCode, stdout } = await commands.run(['attach', 'input', '--pipe'], { input });
    const { createHash } = await import('node:crypto');
    expect(stdout).toContain(createHash('sha256').update(input).digest('hex'));
    expect(stdout).toContain('still here');
    expect(exitCode).toBe(0);
  });

  it('[CLI22] a restarted server costs no byte in either direction', async () => {
    await commands.session('restart');
    const attached = commands.start(['attach', 'restart', '--pipe', '--timeout', '55']);
    const count = 120;
    for (let n = 1; n <= count; n++) {
      attached.child.stdin.write(`echo line-${n}-$((1 + 1))\n`);
      if (n === 40 || n === 80) {
        await expect.poll(() => attached.stdout, { timeout: 20_000 }).toContain(`line-${n - 20}-2`);
        await server.kill();
        await server.restart();
      }
    }
    attached.child.stdin.end('exit 0\n');
    const { exitCode, stdout, stderr } = await attached.finished;
    const lines = stdout.match(/line-\d+-2(?=\r)/g) ?? [];
    expect(lines).toEqual(Array.from({ length: count }, (_, at) => `line-${at + 1}-2`));
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('reconnecting')]);
  });

  it('[CLI23] --timeout leaves with 124, Ctrl-C with 130, somebody else’s wheel with 6', async () => {
    await commands.session('endings', ['cat']);
    expect(await commands.run(['attach', 'endings', '--pipe', '--timeout', '0.5'])).toMatchObject({ exitCode: 124 });
    const interrupted = commands.start(['attach', 'endings', '--pipe']);
    interrupted.child.stdin.write('hello\n');
    await expect.poll(() => interrupted.stdout, { timeout: 20_000 }).toContain('hello');
    interrupted.child.kill('SIGINT');
    expect(await interrupted.finished).toMatchObject({ exitCode: 130 });
    const grace = await server.signIn('Grace');
    await join(grace, 'endings');
    await grace.api.terminal.take.mutate({ session: 'endings' });
    const refused = await commands.run(['attach', 'endings', '--pipe'], { input: 'unwanted\n' });
    expect(refused).toMatchObject({
      exitCode: 6,
      stderr: expect.stringMatching(/^omnigent: Grace drives; add --take/),
    });
    const taken = commands.start(['attach', 'endings', '--pipe', '--take']);
    taken.child.stdin.write('mine\n');
    await expect.poll(() => taken.stdout, { timeout: 20_000 }).toMatch(/mine\r\nmine\r\n/);
    taken.child.kill('SIGINT');
    await taken.finished;
    expect((await commands.screen('endings')).join()).not.toContain('unwanted');
  });

  it('[CLI24] attach without a terminal and without --pipe is a usage error; --watch alone prints the output', async () => {
    await commands.session('watch', ['sh', '-c', 'echo seen; read x']);
    expect(await commands.run(['attach', 'watch'])).toMatchObject({ exitCode: 2, stderr: /--pipe/ });
    const watched = await commands.run(['attach', 'watch', '--watch', '--timeout', '1'], { input: 'ignored\n' });
    expect(watched).toMatchObject({ exitCode: 124, stdout: 'seen\r\n' });
  });
});

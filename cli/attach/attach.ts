/** `omnigent attach`: a session's terminal in this one, or through pipes. */
import { randomFillSync } from 'node:crypto';
import { AppError } from '#protocol/error.ts';
import type { TerminalId } from '#protocol/id.ts';
import type { Api } from '../api/client.ts';
import { defineCommand } from '../command.ts';
import { type Io, printable, write } from '../io.ts';
import { targetOf, terminalOption } from '../terminal/target.ts';
import { systemClock } from './clock.ts';
import { describeClosed, type Ending, exitOf, untilTaken } from './ending.ts';
import type { AttachOptions } from './window.ts';

const invalid = (message: string) => new AppError({ code: 'input.invalid', message });

function parseTimeout(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds < 2_000_000) return seconds * 1000;
  throw invalid('--timeout: a number of seconds above 0');
}

/** A window needs a terminal on both sides; a watcher without one gets the raw output. */
function requirePipe(io: Io, options: { pipe?: boolean; watch?: boolean }): boolean {
  if (options.pipe) return true;
  const isWindow = Boolean(io.stdin.isTTY && io.stdout.isTTY);
  if (!isWindow && !options.watch) throw invalid('attach needs a terminal; use --pipe or --watch without one');
  return !isWindow;
}

/** All output of a program that has ended, in bytes. */
async function lengthOf(call: Api['call'], session: string, terminalId: TerminalId): Promise<number> {
  const { offset } = await call.terminal.screen.query({ session, terminalId });
  return offset;
}

/** Resolves to `attached`'s ending, or to a timeout. */
async function within(ms: number | null, attached: Promise<Ending>): Promise<Ending> {
  if (ms === null) return attached;
  let cancel = () => {};
  const late = new Promise<Ending>((resolve) => {
    cancel = systemClock.after(ms, () => resolve({ kind: 'timeout' }));
  });
  return Promise.race([attached, late]).finally(() => cancel());
}

async function attachPipe(options: AttachOptions, call: Api['call'], timeoutMs: number | null): Promise<Ending> {
  const { AttachedPipe } = await import('./pipe.ts');
  const { readRecording } = await import('./recording.ts');
  const { terminalId, clock } = options;
  const recorded = (from: number, to: number) => readRecording(call, { terminalId, from, to, clock });
  return within(timeoutMs, new AttachedPipe({ ...options, recorded }).run());
}

async function attachWindow(options: AttachOptions): Promise<Ending> {
  const { AttachedWindow } = await import('./window.ts');
  const window = new AttachedWindow(options);
  const ending = await window.run();
  if (ending.kind === 'closed') await write(options.io.stdout, window.lastPicture());
  return ending;
}

/** Says on stderr how it ended. */
async function report(api: Api, { io, session, terminalId }: AttachOptions, ending: Ending): Promise<void> {
  if (ending.kind === 'left') return write(io.stderr, 'left; the program goes on\n');
  if (ending.kind !== 'closed') return;
  const { view } = await api.call.session.get.query({ session });
  const reason = view.terminals.find((terminal) => terminal.terminalId === terminalId)?.closed?.reason ?? null;
  await write(io.stderr, `omnigent: ${printable(describeClosed(ending.closed, reason))}\n`);
}

export const attachCommand = defineCommand({
  words: ['attach'],
  summary: 'its terminal in this one; Ctrl-\\ leaves, the program goes on',
  operands: ['SES'],
  options: {
    terminal: terminalOption,
    watch: { type: 'boolean', summary: 'look only: no key is sent' },
    take: { type: 'boolean', summary: 'take the wheel from whoever drives' },
    pipe: {
      type: 'boolean',
      summary:
        'without a terminal: standard input to the program, its output, from the oldest kept byte on, to standard output',
    },
    timeout: { type: 'string', value: 'SECONDS', summary: 'with --pipe: leave after this long with exit code 124' },
  },
  async run({ operands, options, io, connect }) {
    const isPipe = requirePipe(io, options);
    const timeoutMs = parseTimeout(options.timeout);
    if (options.watch && options.take) throw invalid('--watch sends nothing, so it cannot --take');
    const api = await connect();
    const { terminalId } = await api.call.terminal.resolve.query(targetOf(operands.SES, options.terminal));
    const attach: AttachOptions = {
      ...{ io, terminalId, session: operands.SES, clock: systemClock, find: api.find },
      ids: { now: systemClock.now, random: (bytes) => void randomFillSync(bytes) },
      types: !options.watch,
      takes: options.take ?? false,
      untilTaken: async (end) => untilTaken(systemClock, await lengthOf(api.call, operands.SES, terminalId), end),
    };
    const ending = await (isPipe ? attachPipe(attach, api.call, timeoutMs) : attachWindow(attach));
    await report(api, attach, ending);
    return exitOf(ending);
  },
});

/** Entry of the `omnigent` command: arguments in, exit code out. Knows processes and signals, no command. */
import type { CommandLine } from './command-line.ts';
import { parseCommandLine } from './command-line.ts';
import { commands } from './command-list.ts';
import { failureOf } from './failure.ts';
import { help } from './help.ts';
import { type Io, write } from './io.ts';

async function run(line: CommandLine, io: Io): Promise<number> {
  const { command, isJson, ...parsed } = line;
  return command.run({
    ...{ ...parsed, isJson, io },
    connect: async () => (await import('./api/client.ts')).connect(io.env),
    print: (value, text) => write(io.stdout, isJson ? `${JSON.stringify(value)}\n` : text),
  });
}

async function main(argv: string[], io: Io): Promise<number> {
  try {
    const line = parseCommandLine(commands, argv);
    if ('command' in line) return await run(line, io);
    await write(io.stdout, help(commands, line.helpOf));
    return 0;
  } catch (cause) {
    const { exit, message } = failureOf(cause);
    await write(io.stderr, `omnigent: ${message}\n`);
    return exit;
  }
}

/** A reader that went away (`| head`) wants no more: that is no failure. */
function onOutputError(cause: NodeJS.ErrnoException): void {
  process.exit(cause.code === 'EPIPE' ? 0 : 1);
}

/** Nobody caught it: said in one line, after whatever had the terminal has given it back. */
function onUncaught(cause: unknown): void {
  process.once('exit', () => process.stderr.write(`omnigent: ${failureOf(cause).message}\n`));
  process.exit(1);
}

const { env, stdin, stdout, stderr } = process;
for (const stream of [stdout, stderr]) stream.on('error', onOutputError);
process.on('uncaughtException', onUncaught);
process.on('SIGINT', () => process.exit(130));
process.exit(await main(process.argv.slice(2), { env, cwd: process.cwd(), stdin, stdout, stderr }));

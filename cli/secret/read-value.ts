/** Reads a secret value: typed unseen at a terminal, else all of standard input. It is never an argument: those are for all to see. */
import { AppError } from '#protocol/error.ts';
import { type Io, write } from '../io.ts';

/** More than any value may have, in bytes. */
const maxBytes = 65_536;

const invalid = (message: string) => new AppError({ code: 'input.invalid', message });

/** Without its line end. Throws `input.invalid` where nothing is given. */
export async function readValue(io: Io, name: string): Promise<string> {
  const value = io.stdin.isTTY ? await typed(io, `value of ${name} (not shown): `) : await piped(io);
  if (value === '')
    throw invalid('value: nothing was given on standard input; pipe the value in, or type it when asked');
  return value;
}

async function piped({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw invalid(`value: more than ${maxBytes} bytes on standard input`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** One line, without showing it. Ctrl-C ends the command, Ctrl-D and Return the line; Backspace takes back. */
async function typed({ stdin, stderr }: Io, question: string): Promise<string> {
  await write(stderr, question);
  stdin.setRawMode?.(true);
  try {
    return await new Promise<string>((resolve) => {
      let line: string[] = [];
      stdin.on('data', (chunk: Buffer) => {
        for (const char of chunk.toString('utf8')) {
          if (char === '\u0003') process.kill(process.pid, 'SIGINT');
          else if (char === '\r' || char === '\n' || char === '\u0004') return resolve(line.join(''));
          else if (char === '\u007f' || char === '\b') line = line.slice(0, -1);
          else line.push(char);
        }
      });
      stdin.resume();
    });
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    await write(stderr, '\n');
  }
}

/** Lets through what can be messages of a JSON-RPC agent, line by line; an agent that prints other things without end is stopped. */
import { Transform } from 'node:stream';

/** What an agent may print beside its messages, and the longest message, in bytes. */
const maxNoise = 4 * 1024 * 1024;
const maxLine = 64 * 1024 * 1024;
/** Lines of noise that are logged. */
const maxLogged = 10;

export interface LineGuardOptions {
  log: (line: string) => void;
  /** It printed too much that is no message. Called once. */
  onFlood: (why: string) => void;
}

export function lineGuard({ log, onFlood }: LineGuardOptions): Transform {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let noise = 0;
  let logged = 0;
  let isOver = false;
  const over = (why: string) => {
    if (!isOver) onFlood(why);
    isOver = true;
    rest = [];
  };
  const take = (line: Buffer, out: Transform) => {
    if (line[0] === 0x7b) return void out.push(line);
    noise += line.length;
    if (line.length > 1 && logged++ < maxLogged) log(`agent printed: ${line.toString('utf8').trim().slice(0, 200)}`);
    if (noise > maxNoise)
      over(`it printed more than ${maxNoise / 1024 / 1024} MB that are no messages of the protocol`);
  };
  return new Transform({
    transform(chunk: Buffer, _, done) {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1 && !isOver; at = chunk.indexOf(10, from)) {
        rest.push(chunk.subarray(from, at + 1));
        take(rest.length === 1 ? (rest[0] ?? chunk) : Buffer.concat(rest), this);
        rest = [];
        restBytes = 0;
        from = at + 1;
      }
      if (!isOver && from < chunk.length) {
        rest.push(chunk.subarray(from));
        restBytes += chunk.length - from;
        if (restBytes > maxLine) over(`it printed a line of more than ${maxLine / 1024 / 1024} MB`);
      }
      done();
    },
  });
}

/** Entry of the short-lived process that makes, removes and compares checkouts for the host: one request in, one line out. */
import { text } from 'node:stream/consumers';
import { answerCommand } from './checkout/command.ts';

const answer = await answerCommand(await text(process.stdin));
process.stdout.write(`${JSON.stringify(answer)}\n`);

/** `omnigent terminal take` and `terminal give`: who drives. */
import { AppError } from '#protocol/error.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { defineCommand } from '../command.ts';
import { printable } from '../io.ts';
import { targetOf, terminalOption } from './target.ts';

export const takeTerminal = defineCommand({
  words: ['terminal', 'take'],
  summary: 'drive it: your keys reach it, nobody else’s do',
  operands: ['SES'],
  options: { terminal: terminalOption },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const found = await call.terminal.resolve.query(targetOf(operands.SES, options.terminal));
    await call.terminal.take.mutate({ session: operands.SES, ...found });
    const { personId: driver } = await call.person.me.query();
    await print({ ...found, driver }, 'you drive\n');
    return 0;
  },
});

/** A person of the session by id or unique name. Throws `person.not-found`, or `input.invalid` where two share the name. */
function findMember({ members }: SessionView, ref: string): SessionView['members'][number] {
  const found = members.filter(({ personId, name }) => personId === ref || name === ref);
  const [first, second] = found;
  if (second) throw new AppError({ code: 'input.invalid', message: `${ref}: several people; use the id` });
  if (first) return first;
  const names = members.map(({ name }) => name).join(', ');
  throw new AppError({
    code: 'person.not-found',
    message: `nobody in the session is called ${ref}; there are: ${names}`,
  });
}

export const giveTerminal = defineCommand({
  words: ['terminal', 'give'],
  summary: 'hand the wheel over, or release it for whoever types next',
  operands: ['SES'],
  options: {
    terminal: terminalOption,
    to: { type: 'string', value: 'PERSON', summary: 'somebody who has been in the session (default: nobody)' },
  },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const { view } = await call.session.get.query({ session: operands.SES });
    const found = await call.terminal.resolve.query(targetOf(view.id, options.terminal));
    const member = options.to === undefined ? null : findMember(view, options.to);
    await call.terminal.give.mutate({ session: view.id, ...found, to: member?.personId ?? null });
    const text = member ? `${printable(member.name)} drives\n` : 'nobody drives; whoever types next will\n';
    await print({ ...found, driver: member?.personId ?? null }, text);
    return 0;
  },
});

/** `omnigent url`: a one-time link that signs a browser in. */
import { defineCommand } from '../command.ts';

export const linkCommand = defineCommand({
  words: ['url'],
  summary: 'a sign-in link for a browser: one use, 15 minutes',
  operands: [],
  options: { as: { type: 'string', value: 'NAME', summary: 'for this local person, who is created on first use' } },
  async run({ options, connect, print }) {
    const { call } = await connect();
    const { url } = await call.person.link.mutate(options.as === undefined ? {} : { as: options.as });
    await print({ url }, `${url}\n`);
    return 0;
  },
});

/** `omnigent audit verify|export`: the log as an audit. */
import { defineCommand } from '../command.ts';
import { write } from '../io.ts';

const pageRows = 1_000;

export const verifyAudit = defineCommand({
  words: ['audit', 'verify'],
  summary: 'check every row of the log against its chain and the anchors; exit 1 when one does not hold',
  operands: [],
  options: {},
  async run({ connect, print }) {
    const { call } = await connect();
    const result = await call.audit.verify.query();
    if (result.ok) {
      await print(result, `ok, ${result.rows} rows, head ${result.head}\n`);
      return 0;
    }
    const { chain, seq, why } = result.firstBad;
    await print(result, `row ${seq} of ${chain} is ${why}; nothing after it can be trusted\n`);
    return 1;
  },
});

export const exportAudit = defineCommand({
  words: ['audit', 'export'],
  summary: 'every stored row with its hash, one JSON object a line, by chain and number',
  operands: [],
  options: {},
  async run({ connect, io }) {
    const { call } = await connect();
    let after: { chain: string; seq: number } | null = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof call.audit.read.query>> = await call.audit.read.query({
        after,
        limit: pageRows,
      });
      await write(io.stdout, page.map((row) => `${JSON.stringify(row)}\n`).join(''));
      const last = page.at(-1);
      if (!last || page.length < pageRows) return 0;
      after = { chain: last.chain, seq: last.seq };
    }
  },
});

/** `omnigent harness list` and `harness install`. */
import { defineCommand } from '../command.ts';
import { type Io, printable, table } from '../io.ts';

export const listHarnesses = defineCommand({
  words: ['harness', 'list'],
  summary: 'kinds of agents, and whether their programs can be used on the machine of the server',
  operands: [],
  options: {},
  async run({ connect, print }) {
    const { call } = await connect();
    const harnesses = await call.harness.list.query();
    const rows = harnesses.map(({ type, title, version, isTested, problem }) => [
      ...[type, title, version ?? '-', problem ?? (isTested ? 'ready' : 'ready, but this version was not tested')],
    ]);
    await print({ harnesses }, table([['TYPE', 'AGENT', 'VERSION', 'STATE'], ...rows]));
    return 0;
  },
});

/** How often somebody who waits hears that it goes on, in ms. */
const progressMs = 5_000;

/** Says on stderr that `what` goes on, until it is over. */
async function withProgress<T>(what: string, { stderr }: Io, work: Promise<T>): Promise<T> {
  const since = performance.now();
  const say = (more: string) => void stderr.write(`${what}${more}\n`);
  say('');
  const timer = setInterval(() => say(`, ${Math.round((performance.now() - since) / 1_000)} s`), progressMs);
  return work.finally(() => clearInterval(timer));
}

export const installHarness = defineCommand({
  words: ['harness', 'install'],
  summary: 'install the tested version of its program with npm, on the machine of the server',
  operands: ['TYPE'],
  options: {},
  async run({ operands, connect, print, io }) {
    const { call } = await connect();
    const type = operands.TYPE;
    const found = await withProgress(`installing ${printable(type)}`, io, call.harness.install.mutate({ type }));
    await print(found, `${found.title} ${found.version ?? ''} at ${printable(found.path ?? '?')}\n`);
    return found.problem === null ? 0 : 1;
  },
});

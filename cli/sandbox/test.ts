/** `omnigent sandbox test`: tries from within a sandbox what it is there to prevent. */
import { removeWhole } from '#runner/checkout/index.ts';
import { makeTemporary, sandboxAccount, testSandbox } from '#runner/sandbox/index.ts';
import { defineCommand } from '../command.ts';
import { table } from '../io.ts';

export const sandboxTest = defineCommand({
  words: ['sandbox', 'test'],
  summary: 'try from within a sandbox what it is there to prevent; exits 1 where it does not hold',
  operands: [],
  options: {},
  async run({ io, print }) {
    const account = sandboxAccount();
    const directory = await makeTemporary('omnigent-sandbox-', account);
    try {
      const probes = await testSandbox({ directory, env: io.env, account });
      const ok = probes.every((probe) => probe.ok);
      const rows = probes.map((probe) => [probe.ok ? 'ok' : 'FAILED', probe.name, probe.detail]);
      await print({ ok, probes }, table(rows));
      return ok ? 0 : 1;
    } finally {
      await removeWhole(directory);
    }
  },
});

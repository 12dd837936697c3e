/** `omnigent doctor`: whether this machine has what Omnigent needs, and what to do where it has not. */
import { findHome } from '../api/address.ts';
import { defineCommand } from '../command.ts';
import { printable } from '../io.ts';
import type { Check } from './check.ts';
import { checkDatabase } from './database.ts';
import { checkGit, checkHome, checkIsolation, checkNode, checkTerminal } from './machine.ts';
import { checkPort } from './port.ts';
import { checkSandbox } from './sandbox.ts';
import { checkServer } from './server.ts';

function describe({ name, ok, detail, fix }: Check): string {
  const head = `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)} ${printable(detail)}\n`;
  return fix === null ? head : `${head}      ${' '.repeat(10)} fix: ${printable(fix)}\n`;
}

export const doctorCommand = defineCommand({
  words: ['doctor'],
  summary: 'check this machine: what is missing and how to get it; needs no server',
  operands: [],
  options: {},
  async run({ io: { env }, print }) {
    const checks = await Promise.all([
      checkNode(),
      checkIsolation(env),
      checkSandbox(env),
      checkGit(env),
      checkTerminal(),
      checkDatabase(env),
      checkHome(findHome(env)),
      checkPort(env),
      checkServer(env),
    ]);
    await print({ checks }, checks.map(describe).join(''));
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
});

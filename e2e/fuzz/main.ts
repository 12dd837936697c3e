/** `npm run fuzz -- [--seed N] [--runs N] [--out FILE] [--json]`: variants of forbidden commands, judged and really run. */
import { parseArgs } from 'node:util';
import { openReport, writeReport } from '#bench/report.ts';
import { fuzz } from './run.ts';

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  process.stderr.write(`--${name}: a whole number, 1 or more\n`);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '10000' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const note = (line: string) => void process.stderr.write(`${line}\n`);
const report = openReport();
const result = await fuzz({ seed: whole('seed', values.seed), runs: whole('runs', values.runs) }, note);
if (values.out) await writeReport(values.out, report, result);
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
const { variants, attacks, attackVerdicts, findings } = result;
for (const { command, did } of findings) note(`ALLOWED, and it did ${did.join(', ')}: ${JSON.stringify(command)}`);
note(
  `${variants} variants, ${attacks} of them did something forbidden: ${attackVerdicts.deny} denied, ${attackVerdicts.ask} asked about, ${attackVerdicts.allow} allowed`,
);
process.exit(findings.length === 0 ? 0 : 1);

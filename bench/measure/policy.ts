/** policy.judge: how long a verdict takes, over the examples that the policy is tested with. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import { type CheckOptions, checkRow } from '#policy/check.ts';
import { baseOf, compilePolicy } from '#policy/file/index.ts';
import type { Policy } from '#policy/policy.ts';
import { cwd, policies } from '#policy/testing-policies.ts';
import { workspaceRowSchema } from '#protocol/workspace-file.ts';
import { percentile, toResult } from '../result.ts';
import type { Measure } from '../stage.ts';

const roots = { root: '/srv/project', home: '/home/ada' };

/** As a server keeps them: compiled once. */
function compiled(name: string): Policy {
  const file = workspaceRowSchema.parse(policies[name]);
  const base = baseOf(file, { ...roots, root: file.workspace.root ?? roots.root });
  if (base === null) throw new Error(`the policy ${name} lies outside of its root`);
  return compilePolicy(file, base, roots.home);
}

function lines(file: string): unknown[] {
  const path = fileURLToPath(new URL(`../../policy/testing/${file}.jsonl`, import.meta.url));
  const text = readFileSync(path, 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as unknown);
}

interface Example {
  line: string;
  policy: Policy;
}

function readExamples(): Example[] {
  const known = new Map(Object.keys(policies).map((name) => [name, compiled(name)]));
  const exampleOf = (row: object, name: string): Example => {
    const policy = known.get(name);
    if (!policy) throw new Error(`no policy is named ${name}`);
    return { line: JSON.stringify({ cwd, ...row }), policy };
  };
  const rows = lines('rows') as { policy?: string }[];
  const commands = [...lines('everyday'), ...lines('attacks')];
  return [
    ...rows.map(({ policy = 'sample', ...row }) => exampleOf(row, policy)),
    ...commands.map((input) => exampleOf({ kind: 'command', input }, 'sample')),
  ];
}

export const judge: Measure = {
  name: 'policy.judge',
  async run(_stage, { runs, isQuick }) {
    const parser = await loadCommandParser();
    const options: CheckOptions = { parser, policy: null, roots, files: realFiles, now: () => performance.now() };
    const examples = readExamples();
    const samples: number[] = [];
    const worst: number[] = [];
    for (let round = -2; round < (runs ?? (isQuick ? 3 : 20)); round++) {
      const times = examples.map(({ line, policy }) => {
        const since = performance.now();
        const { isValid } = checkRow(line, { ...options, policy });
        if (!isValid) throw new Error(`not a row: ${line}`);
        return performance.now() - since;
      });
      if (round < 0) continue;
      samples.push(...times);
      worst.push(percentile(times, 0.99));
    }
    const p99 = percentile(samples, 0.99);
    const method =
      `each of the ${examples.length} examples of policy/testing/*.jsonl (rows of every kind, everyday commands, attacks) once in every round, ` +
      'in one process, warm: from the line to its verdict, with parsing, facts and the files that are really looked at; policies compiled before';
    return [
      toResult({
        ...{ name: 'policy.judge', unit: 'ms', samples, aim: 1, aimP95: 5 },
        method: `${method}; p99 ${p99.toPrecision(3)} ms`,
      }),
      toResult({
        ...{ name: 'policy.judge.p99', unit: 'ms', samples: worst, aim: 5 },
        method: `${method}; the 99th percentile of each round`,
      }),
    ];
  },
};

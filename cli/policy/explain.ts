/** `omnigent policy explain "COMMAND"` and `policy lint FILE`: what the rules say, and what is wrong with them. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import { judgeFacts } from '#policy/judge.ts';
import type { Verdict } from '#policy/policy.ts';
import { noSituation } from '#policy/rule/index.ts';
import { actionOf } from '#policy/subject.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { AppError } from '#protocol/error.ts';
import { defineCommand } from '../command.ts';
import { printable, table, warn, write } from '../io.ts';
import { findWorkspace, lintWorkspace } from './workspace.ts';

export const explainPolicy = defineCommand({
  words: ['policy', 'explain'],
  summary: 'say what a command would do, what the rules say of it, and why',
  operands: ['COMMAND'],
  options: {
    workspace: { type: 'string', value: 'FILE', summary: 'workspace file (default: omnigent.yaml here)' },
    dir: { type: 'string', value: 'DIR', summary: 'where it would run (default: base_dir)' },
  },
  async run({ options, operands, io, print }) {
    const workspace = await findWorkspace(io.cwd, options.workspace);
    if (!workspace)
      throw new AppError({
        code: 'input.invalid',
        message: '--workspace: none is named, and there is no omnigent.yaml here',
      });
    await warn(io, workspace.warnings);
    const { policy } = workspace;
    const cwd = options.dir === undefined ? policy.base : resolve(io.cwd, options.dir);
    const restricted = policy.restrictedPaths.map(({ absolute }) => absolute);
    const place = { cwd, base: policy.base, home: homedir(), restricted, files: realFiles };
    const facts = (await loadCommandParser()).analyse(operands.COMMAND, place);
    const action = actionOf({ kind: 'command', text: operands.COMMAND });
    const situation = { ...noSituation, ...action, tool: action.kind, cwd, atMs: Date.now() };
    const verdict = judgeFacts(facts, [policy], situation);
    await print({ ...verdict, facts }, explained(facts, verdict));
    return 0;
  },
});

function explained({ commands, paths, hosts, unclear }: ActionFacts, { verdict, rule, reasons }: Verdict): string {
  const rows = [
    ...commands.map(({ effect, argv, via }) => [
      effect,
      argv.join(' '),
      via.length > 0 ? `run by ${via.join(', ')}` : '',
    ]),
    ...paths.map(({ effect, path, restricted, isInBase }) => [
      effect,
      path,
      restricted ? 'restricted' : isInBase ? '' : 'outside of base_dir',
    ]),
    ...hosts.map((host) => ['network', host === '*' ? 'a host that is not known' : host, '']),
    ...unclear.map((phrase) => ['unclear', phrase, '']),
  ];
  return `${verdict}, by ${rule}\n${reasons.map((reason) => `  ${printable(reason)}\n`).join('')}\n${table(rows)}`;
}

export const lintPolicy = defineCommand({
  words: ['policy', 'lint'],
  summary: 'check a workspace file; problems exit 2, warnings do not',
  operands: ['FILE'],
  options: {},
  async run({ operands, io, isJson, print }) {
    const found = await lintWorkspace(io.cwd, operands.FILE);
    const problems = 'problems' in found ? found.problems : [];
    const warnings = 'problems' in found ? [] : found.warnings;
    const lines = [...problems, ...warnings.map((line) => `warning: ${line}`)];
    if (isJson) await print({ ok: problems.length === 0, problems, warnings }, '');
    else
      await write(
        problems.length > 0 ? io.stderr : io.stdout,
        `${(lines.length > 0 ? lines : [`${operands.FILE}: nothing wrong`]).map(printable).join('\n')}\n`,
      );
    return problems.length > 0 ? 2 : 0;
  },
});

/** `omnigent sandbox exec -- CMD…`: a command as an agent's would run, on a copy of a folder that is thrown away. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { makeCopy, removeWhole } from '#runner/checkout/index.ts';
import {
  makeTemporary,
  openSessionSandbox,
  readAuthor,
  type SessionSandbox,
  sandboxAccount,
  type WrappedProgram,
} from '#runner/sandbox/index.ts';
import { defineCommand } from '../command.ts';
import { printable, write } from '../io.ts';
import { findWorkspace } from '../policy/workspace.ts';

/** As env(1) and nohup(1) say it of themselves: the command was not tried. */
const notStarted = 125;

export const sandboxExec = defineCommand({
  words: ['sandbox', 'exec'],
  summary: 'run CMD as an agent’s command would run, on a copy of a folder that is discarded',
  operands: [],
  options: {
    dir: { type: 'string', value: 'DIR', summary: 'the folder, with its uncommitted changes (default: this one)' },
    workspace: { type: 'string', value: 'FILE', summary: 'workspace file; CMD starts in its base_dir' },
  },
  takesProgram: true,
  async run({ options, program, io }) {
    if (program === null) throw new AppError({ code: 'input.invalid', message: 'no command; put it behind --' });
    const { dir, workspace } = options;
    const root = dir === undefined ? undefined : resolve(io.cwd, dir);
    const found = workspace === undefined ? null : await findWorkspace(io.cwd, workspace, root);
    const directory = await makeTemporary('omnigent-exec-', sandboxAccount());
    let place: SessionSandbox | null = null;
    try {
      const source = found?.policy.base ?? root ?? io.cwd;
      place = await openPlace(directory);
      const restricted = found?.policy.restrictedPaths.map(({ absolute }) => absolute) ?? [];
      const checkout = await makeCopy({ source, directory, restricted, branch: null, includesChanges: true });
      await place.tested;
      await place.sandbox.enter(checkout.root);
      await write(io.stderr, `sandbox: ${place.sandbox.kind}\n`);
      return await exitCodeOf(await place.sandbox.wrap({ command: program, cwd: checkout.start }));
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      await write(io.stderr, `omnigent: ${printable(cause.message)}\n`);
      return notStarted;
    } finally {
      place?.close();
      await removeWhole(directory);
    }
  },
});

async function openPlace(directory: string): Promise<SessionSandbox> {
  const launch = {
    sandbox: 'bubblewrap',
    isolation: 'namespaces',
    directory,
    author: await readAuthor(),
    programs: {},
  } as const;
  const place = await openSessionSandbox({ launch, onFailed: () => undefined });
  // There is no server behind the agent port here.
  place.at?.listener.on('connection', (socket) => socket.destroy());
  return place;
}

/** With our own terminal and pipes; what is typed to end the command ends it, not us. */
async function exitCodeOf({ file, args, env, cwd }: WrappedProgram): Promise<number> {
  const wait = () => undefined;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, wait);
  const child = spawn(file, args, { cwd, env: env as unknown as NodeJS.ProcessEnv, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

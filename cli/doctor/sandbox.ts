/** Check of this machine: whether a sandbox holds here, by trying it. */
import { type Check, failed, passed } from './check.ts';

export async function checkSandbox(env: NodeJS.ProcessEnv): Promise<Check> {
  const { failureOf, makeTemporary, sandboxAccount, testSandbox } = await import('#runner/sandbox/index.ts');
  const { removeWhole } = await import('#runner/checkout/index.ts');
  const account = sandboxAccount();
  const directory = await makeTemporary('omnigent-sandbox-', account);
  try {
    const probes = await testSandbox({ directory, env, account });
    const failure = failureOf(probes);
    if (failure === null) return passed('sandbox', `bubblewrap, ${probes.length} probes hold`);
    const [detail = '', fix = 'run `omnigent sandbox test`; sessions without a sandbox need --sandbox none'] =
      failure.split(/\s*Fix: /);
    return failed('sandbox', detail, fix);
  } finally {
    await removeWhole(directory);
  }
}

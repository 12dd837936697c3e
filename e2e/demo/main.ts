/**
 * `npm run demo`: a server in a folder of its own, a sample repository, and agents on a scripted model that is labelled as
 * one. No key, no network. Everything is gone when it ends.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRepository } from '../chaos/world.ts';
import { ModelServer } from '../model/server.ts';
import { ServerProcess } from '../server-process.ts';
import { demoScript, firstPrompt } from './script.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Shown wherever a model is named. */
const model = 'scripted-demo';

async function makeSample(folder: string): Promise<string> {
  const dir = join(folder, 'sample');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'README.md'), '# Sample\n\nA repository to try agents on.\n');
  await makeRepository(dir, 3);
  return dir;
}

async function main(): Promise<void> {
  const provider = await ModelServer.start(0);
  provider.play(demoScript);
  const keys = { ANTHROPIC_API_KEY: 'scripted', OPENAI_API_KEY: 'scripted' };
  const urls = { ANTHROPIC_BASE_URL: provider.url, OPENAI_BASE_URL: `${provider.url}/v1` };
  say('starting a server of its own on a scripted model; no provider is called and nothing is kept');
  const server = await ServerProcess.start({ env: { ...keys, ...urls } });
  const stop = async () => {
    await server.stop();
    await provider.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  const dir = await makeSample(server.folder);
  const { api } = await server.signIn('You');
  const list = await api.harness.list.query();
  const usable = list.filter(
    ({ problem, hasTerminal, isInstallable, type }) =>
      problem === null && !hasTerminal && (isInstallable || type.endsWith(':example')),
  );
  for (const { type, title } of usable) {
    const name = `demo: ${title}`;
    const { sessionId } = await api.session.create.mutate({ dir, name, harness: type, model, wait: false });
    await api.turn.send.mutate({ session: sessionId, prompt: firstPrompt });
    say(`${title} works in session "${name}"`);
  }
  say(`\nopen ${await server.newLink('You')}\nCtrl-C ends the demo and removes it`);
}

main().catch((cause: unknown) => {
  process.stderr.write(`${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exit(1);
});

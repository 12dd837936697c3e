/** `npm run model -- --port N [--script FILE]`: the scripted provider on 127.0.0.1 until it is stopped. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { scriptSchema } from './script.ts';
import { ModelServer } from './server.ts';

function fail(message: string): never {
  process.stderr.write(`${message}\nusage: npm run model -- --port N [--script FILE]\n`);
  process.exit(2);
}

async function readScript(file: string) {
  const parsed = scriptSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, script: { type: 'string' } } });
  const port = Number(values.port);
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) fail('--port: a number from 0 to 65535');
  const script = values.script === undefined ? undefined : await readScript(values.script);
  const model = await ModelServer.start(port, script);
  process.stdout.write(`ready ${model.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void model.close().then(() => process.exit(0)));
}

main().catch((cause: unknown) => fail(cause instanceof Error ? cause.message : String(cause)));

import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { runProbe } from './probe.ts';

const promises = `import { readFile } from 'node:fs/promises';
import { createTRPCClient, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
interface Store { save(name: string): Promise<void> }
const t = initTRPC.create();
const router = t.router({ stop: t.procedure.mutation(() => 1) });
const client = createTRPCClient<typeof router>({ links: [httpLink({ url: 'http://example.com' })] });
export async function run(store: Store, names: string[]) {
  store.save('a');
  client.stop.mutate();
  readFile('a');
  names.map(async (name) => { await store.save(name); });
  setTimeout(async () => { await store.save('b'); }, 1);
  setTimeout(() => { store.save('c'); }, 1);
  await store.save('d');
  void store.save('e');
}
`;

const switches = `import { z } from 'zod';
const schema = z.discriminatedUnion('type', [z.object({ type: z.literal('a') }), z.object({ type: z.literal('b') })]);
type Mapped = { [T in 'a' | 'b']: { type: T } }['a' | 'b'];
export function first(value: z.infer<typeof schema>) { switch (value.type) { case 'a': return 1; } return 0; }
export function second(value: Mapped) { switch (value.type) { case 'a': return 1; } return 0; }
export function third(value: Mapped) { switch (value.type) { case 'a': return 1; case 'b': return 2; } }
`;

it('finds promises nobody waits for and switches that miss a case, wherever their types come from', () => {
  const printed = runProbe({
    configs: ['eslint.config.mjs'],
    files: { 'promises.ts': promises, 'switches.ts': switches },
    command: ['eslint/bin/eslint.js', '--format', 'json', 'promises.ts', 'switches.ts'],
  });
  const files: { filePath: string; messages: { line: number; ruleId: string }[] }[] = JSON.parse(printed);
  const found = files.flatMap(({ filePath, messages }) =>
    messages.map(({ line, ruleId }) => `${basename(filePath)}:${line} ${ruleId.replace('@typescript-eslint/', '')}`),
  );
  expect(found).toEqual([
    'promises.ts:9 no-floating-promises',
    'promises.ts:10 no-floating-promises',
    'promises.ts:11 no-floating-promises',
    'promises.ts:12 no-floating-promises',
    'promises.ts:13 no-misused-promises',
    'promises.ts:14 no-floating-promises',
    'switches.ts:4 switch-exhaustiveness-check',
    'switches.ts:5 switch-exhaustiveness-check',
  ]);
}, 60_000);

/** Agents that Claude Code starts: what they do is asked about, stands below the call that began them, and is counted. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ItemRow } from '#components/session/timeline-row.ts';
import { TimelineRows } from '#components/session/timeline-rows.ts';
import { harnessOf } from '#runner/harness/index.ts';
import { Trial, until } from '../matrix/trial.ts';
import { openWorld, type World } from '../matrix/world.ts';

const harnesses = ['claude-sdk', 'claude-code'];
const reason = 'not even for an errand';

let world: World;

beforeAll(async () => {
  world = await openWorld(() => undefined);
  world.judging.judge = ({ command }) => {
    const isDenied = command?.includes('forbidden') ?? false;
    const [verdict, reasons] = isDenied ? (['deny', [reason]] as const) : (['allow', []] as const);
    return { verdict, rule: 'test', reasons: [...reasons], policyHash: '', command: null };
  };
  world.model.play({ rules: harnesses.flatMap(rulesOf) });
});
afterAll(() => world.close());

/** The agent hands an errand to another one, which does something that is allowed and tries something that is not. */
function rulesOf(harness: string) {
  const [own, errand] = [{ contains: `delegate-${harness}` }, { contains: `errand-${harness}` }];
  const input = { description: 'An errand', prompt: `Run errand-${harness}`, subagent_type: 'general-purpose' };
  const usage = { input: 100, output: 10 };
  return [
    { match: { ...own, hasToolResult: true }, usage, steps: [{ text: 'all done' }] },
    { match: own, usage, steps: [{ tool: { name: 'Agent', input } }] },
    { match: errand, times: 1, usage, steps: [{ text: 'I go' }, { shell: 'echo made > allowed.txt' }] },
    { match: errand, times: 1, usage, steps: [{ shell: 'echo made > forbidden.txt' }] },
    { match: errand, usage, steps: [{ text: 'back again' }] },
  ];
}

it.concurrent.each(harnesses)('[HRN4] started by %s', { timeout: 60_000 }, async (harness) => {
  const trial = await Trial.open(world, harness, (await harnessOf(harness)).capabilities);
  const turnId = await trial.done(`Please delegate-${harness}`);
  const made = ['allowed.txt', 'forbidden.txt'].map((name) => existsSync(join(trial.checkout, name)));
  expect(made).toEqual([true, false]);
  expect(trial.requests(`errand-${harness}`).some(({ body }) => JSON.stringify(body).includes(reason))).toBe(true);

  const rows = new TimelineRows().of(await trial.events()).filter((row): row is ItemRow => row.kind === 'item');
  const seen = rows.map(({ item, depth, end }) => [depth, item.kind, item.command ?? end?.text, end?.status]);
  expect(seen[0]).toEqual([0, 'tool', expect.stringContaining('back again'), 'completed']);
  expect(seen.at(-1)).toEqual([0, 'message', 'all done', 'completed']);
  // A terminal asks about a call before its record has the words that led to it.
  expect(seen.slice(1, -1).sort((a, b) => String(a[2]).localeCompare(String(b[2])))).toEqual([
    [1, 'message', 'back again', 'completed'],
    [1, 'command', 'echo made > allowed.txt', 'completed'],
    [1, 'command', 'echo made > forbidden.txt', 'denied'],
    [1, 'message', 'I go', 'completed'],
  ]);
  const counted = await until('every call', async () => {
    const { calls } = await world.ada.api.turn.usage.query({ session: trial.sessionId });
    return calls.filter((call) => call.turnId === turnId).length >= 5 && calls;
  });
  expect(counted.map(({ inputTokens, agent }) => [inputTokens, agent])).toEqual(Array(5).fill([100, 'subject']));
});

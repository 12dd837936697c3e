/** Connections of a session as people see them: what waits, what was refused and why, and what was connected to. */
import { spawn } from 'node:child_process';
import { type NetworkRequest, requestFacts } from '#policy/subject.ts';
import { lastingWords } from '#protocol/egress-text.ts';
import type { NewEvent } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { test as base, expect, wide } from './fixture.ts';
import { isDecidable } from './inbox-scene.ts';
import { show } from './look.ts';
import { event, seedSessions, startTicksOf } from './question-seed.ts';
import { ServerProcess } from './server-process.ts';

const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };

interface Said {
  verdict: 'ask' | 'deny';
  rule: string;
  reasons: string[];
}

/** A connection, and what is said of it. */
function connection(request: NetworkRequest, { verdict, rule, reasons }: Said): NewEvent[] {
  const actionId = newId('action', ids);
  const facts = requestFacts(request);
  const tool = `CONNECT ${new URL(request.url).hostname}:443`;
  const action = {
    turnId: null,
    agent: 'coder',
    kind: 'network' as const,
    tool,
    command: null,
    paths: [],
    cwd: '/checkout',
  };
  const stated = { ...action, actionId, itemId: null, toolKind: 'network', facts };
  const said = { rule, reasons, policyHash: 'p' };
  const events = [
    event('action.requested', stated, `requested:${actionId}`),
    event('action.judged', { actionId, verdict, ...said, command: null, facts }, `judged:${actionId}`),
  ];
  if (verdict === 'deny') return [...events, event('action.acted', { actionId, outcome: 'blocked' })];
  const asked = { approvalId: newId('approval', ids), effect: 'network' as const, isLasting: true };
  const question = { ...action, ...said, ...asked, actionId, reasons: [...reasons, lastingWords] };
  const hashes = { hash: 'a'.repeat(64), subject: 'b'.repeat(64) };
  return [...events, event('approval.requested', { ...question, ...hashes }, `approval:${actionId}`)];
}

const none = { allowed: 0, failed: 0, refused: 0, sent: 0, received: 0 };
const happened = (): NewEvent[] => [
  ...connection(
    { method: 'CONNECT', url: 'https://rebound.example.net/', addresses: ['10.0.0.8', '93.184.216.34'] },
    { verdict: 'deny', rule: 'default.private-address', reasons: ['10.0.0.8: it is a private address'] },
  ),
  event('egress.counted', {
    ...{ turnId: null, agent: 'coder' },
    hosts: [
      { ...none, host: 'packages.example.com', port: 443, allowed: 14, sent: 9_120, received: 4_812_000 },
      { ...none, host: 'rebound.example.net', port: 443, refused: 1 },
    ],
  }),
  ...connection(
    { method: 'CONNECT', url: 'https://api.example.org/' },
    {
      ...{ verdict: 'ask', rule: 'security_guardrails.require_human_approval_on_mutation' },
      reasons: ['what an encrypted connection carries does not show, and may change something there'],
    },
  ),
];

const test = base.extend<object>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  server: async ({}, use) => {
    const child = spawn('sleep', ['600']);
    try {
      const runner = { pid: child.pid ?? 0, startTicks: await startTicksOf(child.pid ?? 0) };
      const server = await ServerProcess.start({ onHome: (home) => seedSessions(home, runner, [happened()]) });
      await use(server);
      await server.stop();
    } finally {
      child.kill('SIGKILL');
    }
  },
});

test('[EGR12] [EGR16] a connection that waits, one that was refused, and what was connected to', async ({
  guest,
  server,
}) => {
  const { page, faults } = await guest('Mira');
  await page
    .getByRole('link', { name: /seeded-0/ })
    .first()
    .click();
  await expect(page.getByText('packages.example.com')).toBeVisible();
  const refused = page.getByRole('button', { name: /rebound\.example\.net:443/ });
  await refused.click();
  await expect(page.getByText('What to do: only public addresses are reached from a session')).toBeVisible();
  await show(page, 'session-connections');
  await page.setViewportSize(wide);
  await page.goto(`${server.url}/inbox`);
  await expect(page.getByText('CONNECT api.example.org:443').first()).toBeVisible();
  await isDecidable(page);
  await show(page, 'inbox-connection');
  expect(faults).toEqual([]);
});

/** What a command changed beyond what it said, as people see it: in the session, in the question that follows, in the audit. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, wide } from './fixture.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

const rules = `version: "2026.1"
workspace: { name: sample, base_dir: src }
policies: { on_surprise: ask }
`;

test('[EFF6] a surprise stands in the timeline, in the question that follows and in the audit', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  const hook = '../.git/hooks/pre-commit';
  const script = `awk 'BEGIN { system("mkdir ../.git/hooks"); print > "${hook}"; print > "../outside\u202e.txt" }'`;
  model.play({
    rules: [
      { match: { hasToolResult: true }, times: 1, steps: [{ text: 'Now the rest.', delayMs: 500 }, { shell: 'ls' }] },
      { match: { hasToolResult: true }, steps: [{ text: 'All done.' }] },
      { match: {}, steps: [{ shell: script }] },
    ],
  });
  const workspace = join(repository, 'omnigent.yaml');
  await writeFile(workspace, rules);
  const { page, faults } = await guest('Mira');
  const { api } = await server.signIn('Mira');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'auth-overhaul' });
  await page.goto(`${server.url}/sessions/${sessionId}`);
  await api.turn.send.mutate({ session: sessionId, prompt: 'Count the lines' });

  const question = page.getByRole('region', { name: 'Question' });
  await question.getByRole('button', { name: 'Approve', exact: true }).click({ timeout: 30_000 });
  await expect(page.getByText('Changed what it did not say')).toBeVisible();
  const changes = page.getByRole('list', { name: 'Unexpected changes' }).getByRole('listitem');
  await expect(changes).toHaveText(['A outsideU+202E.txt', 'A .git/hooks/pre-commit']);
  await expect(question.getByText(/changed what its command did not say/)).toBeVisible();
  await show(page, 'session-surprise');
  await page.setViewportSize(wide);
  await question.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect(page.getByText('All done.')).toBeVisible();

  await page.goto(`${server.url}/audit`);
  await page.getByRole('button', { name: /changed what its command did not say: added/ }).click();
  await expect(page.getByText('effect.surprised', { exact: true })).toBeVisible();
  expect(faults).toEqual([]);
});

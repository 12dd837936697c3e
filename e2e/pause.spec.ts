/** A session is paused by a click, its prompts wait, and it goes on; a policy that pauses calls for somebody. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, wide } from './fixture.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

const rules = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  on_violation: pause
  security_guardrails: { forbidden_commands: [env], require_human_approval_on_mutation: false }
`;

test('[PAU8] paused by a click, prompts wait, resumed from the palette; a policy that pauses calls for somebody', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  model.play({
    rules: [
      { match: { contains: 'Then run it', hasToolResult: true }, steps: [{ text: 'It may not be run.' }] },
      { match: { contains: 'Then run it' }, steps: [{ shell: 'env' }] },
      {
        match: { contains: 'Rename' },
        steps: [{ text: 'I look for its callers. ' }, { gate: 'callers' }, { text: 'Done.' }],
      },
      { steps: [{ text: 'ok' }] },
    ],
  });
  await writeFile(join(repository, 'omnigent.yaml'), rules);
  const { page, faults } = await guest('Mira');
  const { api } = await server.signIn('Mira');
  const workspace = join(repository, 'omnigent.yaml');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'rename-accounts' });
  await page.goto(`${server.url}/sessions/${sessionId}`);
  await api.turn.send.mutate({ session: sessionId, prompt: 'Rename the accounts' });
  await expect(page.getByText('I look for its callers.')).toBeVisible({ timeout: 30_000 });

  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByText('by Mira, just now').first()).toBeVisible();
  await expect(page.getByText('Prompts wait until it is resumed.')).toBeVisible();
  const composer = page.getByLabel('Prompt to an agent');
  await composer.fill('Then run it');
  await page.getByRole('button', { name: /^Queue/ }).click();
  await expect(page.getByRole('list', { name: 'Waiting prompts' })).toContainText('Then run it');
  await show(page, 'session-paused');
  await page.setViewportSize(wide);

  model.openGate('callers');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('option', { name: 'Resume session' }).click();
  await expect(page.getByText('Done.')).toBeVisible({ timeout: 30_000 });

  // What waited starts, and is forbidden.
  await expect(page.getByText('it is forbidden: env').first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/^by policy, security_guardrails/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Resume', exact: true })).toHaveCount(1);
  await page.goto(server.url);
  await expect(
    page.getByRole('region', { name: /Needs you/ }).getByRole('link', { name: 'rename-accounts' }),
  ).toBeVisible();
  await page.goto(`${server.url}/sessions/${sessionId}`);
  await show(page, 'session-paused-by-policy');
  await page.setViewportSize(wide);
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expect(page.getByText('It may not be run.')).toBeVisible({ timeout: 30_000 });
  expect(faults).toEqual([]);
});

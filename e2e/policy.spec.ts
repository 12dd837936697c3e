/** The rules in force: read with whose they are, tried out, replayed over what was recorded, and changed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, wide } from './fixture.ts';
import { play } from './inbox-scene.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

const rules = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  cost_control: { max_budget_usd: 15.00 }
  security_guardrails:
    forbidden_commands: ["rm -rf /", "env"]
    restricted_paths: ["secrets.json"]
    require_human_approval_on_mutation: false
rules:
  - preset: ask-push-after-install
    quorum: 2
    four_eyes: true
  - when: facts.commands.exists(c, c.program == "docker")
    then: deny
    reason: containers are built by CI
    shadow: true
`;

test('[WEB60] the policy page shows the rules in force, tries an action, replays an edited rule and applies it', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  play(model, ['ls', 'touch one.txt', 'env', 'ls -l', 'ls']);
  const workspace = join(repository, 'omnigent.yaml');
  await writeFile(workspace, rules);
  const mira = await guest('Mira');
  const { page } = mira;
  const { api } = await server.signIn('Mira');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'auth-overhaul' });
  const send = async (n: number) => {
    const { turnId } = await api.turn.send.mutate({ session: sessionId, prompt: `Do step-${n};` });
    await expect
      .poll(async () => (await api.session.get.query({ session: sessionId })).view.turns.lastTurn?.turnId)
      .toBe(turnId);
  };
  for (const n of [0, 1, 2, 3]) await send(n);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Policy' }).click();
  await expect(page.getByText('No rules are in force here')).toBeVisible();
  await page.getByRole('button', { name: 'In force in: every session' }).click();
  await page.getByRole('menuitemradio', { name: 'auth-overhaul' }).click();
  const inForce = page.getByRole('region', { name: 'Workspace file' });
  await expect(inForce.getByText('rm -rf /')).toBeVisible();
  await expect(inForce.getByText('2 must approve · not whoever started the work')).toBeVisible();
  await expect(inForce.getByText(/in the shadow: would not have spoken yet/)).toBeVisible();

  const box = page.getByRole('region', { name: 'Test box' });
  await box.getByLabel('What it does').fill('bash -c "en\\v" && cat secrets.json');
  await expect(box.getByText('Deny')).toBeVisible();
  await expect(box.getByText('security_guardrails.forbidden_commands[1]')).toBeVisible();
  await expect(box.getByText('restricted', { exact: true })).toBeVisible();
  await box.getByLabel('What it does').fill('npm i left-pad && git push');
  await expect(box.getByText('rules[0]')).toBeVisible();

  const machine = page.getByRole('region', { name: 'Time machine' });
  const editor = machine.getByLabel('Rules of this session');
  await editor.fill('version: "2026.1"\nrules:\n  - { when: facts.runs("ls, then: deny }\n');
  await machine.getByRole('button', { name: 'Replay' }).click();
  await expect(machine.getByRole('alert')).toContainText('olicy:3:13: rules[0]: ');
  await editor.fill('version: "2026.1"\nrules:\n  - { when: facts.runs("ls"), then: deny, reason: use a tree }\n');
  await machine.getByRole('button', { name: 'Replay' }).click();
  await expect(machine.getByText('4 actions of this session, 2 would be judged otherwise')).toBeVisible();
  await expect(machine.getByRole('listitem')).toHaveCount(2);
  await show(page, 'policy');
  await page.setViewportSize(wide);
  await machine.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('region', { name: 'This session' }).getByText('use a tree')).toBeVisible();
  await send(4);
  await expect.poll(() => JSON.stringify(model.requests.at(-1)?.body)).toContain('use a tree');
  await machine.getByRole('button', { name: 'Remove these rules' }).click();
  await expect(page.getByRole('region', { name: 'This session' })).toBeHidden();
  expect(mira.faults).toEqual([]);
});

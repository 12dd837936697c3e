/** What an agent under a workspace file asks of people: decided in the session, in the inbox by keyboard, on a phone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, phone, wide } from './fixture.ts';
import { isDecidable, play, rules } from './inbox-scene.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

test('[APR12] [APR13] what an agent may not do by itself waits in the inbox, and is decided by keyboard', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  play(model, ['touch one.txt', 'touch two.txt', 'env', 'touch three.txt && echo \u202efed']);
  await writeFile(join(repository, 'omnigent.yaml'), rules);
  const mira = await guest('Mira');
  const { page } = mira;
  const { api } = await server.signIn('Mira');
  const workspace = join(repository, 'omnigent.yaml');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'auth-overhaul' });
  const send = (n: number) => api.turn.send.mutate({ session: sessionId, prompt: `Do step-${n};` });

  await page.goto(`${server.url}/sessions/${sessionId}`);
  await send(0);
  const question = page.getByRole('region', { name: 'Question' });
  await expect(question.getByText('touch one.txt')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('Needs you: approve, touch one.txt')).toBeAttached();
  await show(page, 'session-question');
  await page.setViewportSize(wide);
  await question.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect(page.getByText('Step 0 is over.')).toBeVisible();
  await expect(question).toBeHidden();

  await send(1);
  await page
    .getByRole('link', { name: /Sessions/ })
    .first()
    .click();
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Inbox/ })
    .click();
  const waiting = page.getByRole('list', { name: 'Waiting' });
  await expect(waiting.getByRole('listitem')).toHaveCount(1);
  await isDecidable(page);
  await show(page, 'inbox');
  await page.setViewportSize(wide);
  await isDecidable(page);
  await page.keyboard.press('d');
  await page.getByLabel('Note for the agent').fill('not that file');
  await page.keyboard.press('Control+Enter');
  await expect(waiting.getByRole('listitem')).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'Decided' }).getByText('touch two.txt')).toBeVisible();
  await expect.poll(() => JSON.stringify(model.requests.at(-1)?.body)).toContain('not that file');

  await send(2);
  await expect.poll(() => JSON.stringify(model.requests.at(-1)?.body)).toContain('it is forbidden: env');
  await expect(waiting.getByRole('listitem')).toHaveCount(0);

  await send(3);
  await expect(waiting.getByText('U+202E')).toBeVisible();
  await isDecidable(page);
  await page.keyboard.press('e');
  await page.getByLabel('Command to run instead').fill('env');
  await page.getByRole('button', { name: 'Approve as edited' }).click();
  await expect(page.getByRole('alert').getByText(/it is forbidden: env/)).toBeVisible();
  // This agent cannot have its command replaced: it is told the exact one, which may be run once in this turn.
  model.play({
    rules: [
      {
        match: { contains: 'run exactly this instead: touch edited.txt' },
        times: 1,
        steps: [{ shell: 'touch edited.txt' }],
      },
      { match: {}, steps: [{ text: 'Step 3 is over.' }] },
    ],
  });
  await page.getByLabel('Command to run instead').fill('touch edited.txt');
  await page.getByRole('button', { name: 'Approve as edited' }).click();
  await expect(waiting.getByRole('listitem')).toHaveCount(0);
  await expect
    .poll(async () => (await api.turn.diff.query({ session: sessionId })).files.map(({ path }) => path).sort())
    .toEqual(['edited.txt', 'one.txt']);
  expect((await api.approval.list.query({ decided: 5 })).pending).toEqual([]);
  expect(mira.faults).toEqual([]);
});

test('[APR13] [APR9] [WEB54] on a phone a question is opened, allowed for the session, and not asked again', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(120_000);
  play(model, ['touch one.txt', 'touch one.txt']);
  await writeFile(join(repository, 'omnigent.yaml'), rules);
  const mira = await guest('Mira');
  const { page } = mira;
  await page.setViewportSize(phone);
  const { api } = await server.signIn('Mira');
  const workspace = join(repository, 'omnigent.yaml');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example' });
  await api.turn.send.mutate({ session: sessionId, prompt: 'Do step-0;' });
  await page.goto(`${server.url}/inbox`);
  await page.getByRole('list', { name: 'Waiting' }).getByRole('button').first().click();
  await show(page, 'inbox-question');
  await page.setViewportSize(phone);
  await page.getByRole('button', { name: 'Allow for session' }).click();
  const form = page.getByRole('form', { name: 'Allow for session' });
  await expect(form.getByText('It is the first action of this session.')).toBeVisible();
  await show(page, 'inbox-allow-for-session');
  await page.setViewportSize(phone);
  await form.getByRole('button', { name: 'Allow for session' }).click();
  await expect(page.getByText('Mira has approved it.')).toBeVisible();
  await page.getByRole('button', { name: 'Inbox', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/inbox`);
  await expect(page.getByRole('list', { name: 'Decided' }).getByText('touch one.txt')).toBeVisible();
  await api.turn.send.mutate({ session: sessionId, prompt: 'Do step-1;' });
  await expect
    .poll(
      async () =>
        (await api.session.get.query({ session: sessionId })).view.turns.lastTurn !== null &&
        (await api.session.get.query({ session: sessionId })).view.turns.queue.length,
    )
    .toBe(0);
  await expect.poll(() => JSON.stringify(model.requests.at(-1)?.body)).toContain('step-1;');
  expect((await api.approval.list.query({ decided: 5 })).pending).toEqual([]);
  expect(mira.faults).toEqual([]);
});

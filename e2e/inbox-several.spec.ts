/** Several questions at once, rules for a session, and questions answered where people are: in the session and in a peek. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, phone, wide } from './fixture.ts';
import { isDecidable, play, rules } from './inbox-scene.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

const waitingIn = (page: Page) => page.getByRole('list', { name: 'Waiting' }).getByRole('listitem');

test('[WEB52] several questions of one kind are decided at once, and what somebody else decided is named', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(180_000);
  const commands = ['touch one.txt', 'touch two.txt', 'mkdir three', 'touch four.txt', 'frobnicate all'];
  play(model, commands);
  const workspace = join(repository, 'omnigent.yaml');
  await writeFile(workspace, rules);
  const mira = await guest('Mira');
  const { page } = mira;
  const { api } = await server.signIn('Mira');
  const { api: jonas } = await server.signIn('Jonas');
  for (const n of commands.keys()) {
    const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: `session-${n}` });
    await api.turn.send.mutate({ session: sessionId, prompt: `Do step-${n};` });
  }
  await page.goto(`${server.url}/inbox`);
  await expect(waitingIn(page)).toHaveCount(5, { timeout: 60_000 });
  await expect(waitingIn(page).first()).toContainText('frobnicate');

  // The riskiest is of another kind than the next ones, and what was shown first has stayed.
  await waitingIn(page).first().getByRole('button').click();
  const bar = page.getByRole('region', { name: 'Selected questions' });
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(bar.getByText('only one kind is decided at once')).toBeVisible();
  await expect(bar.getByRole('button', { name: 'Approve 2' })).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
  await page.keyboard.press('x');
  await expect(bar.getByRole('button', { name: '3 more like it' })).toBeVisible();
  await page.keyboard.press('l');
  await page.getByRole('checkbox', { name: 'Select touch four.txt' }).uncheck();
  await expect(bar.getByText('3 questions selected')).toBeVisible();
  await show(page, 'inbox-batch');
  await page.setViewportSize(wide);

  const { pending } = await jonas.approval.list.query({ decided: 0 });
  const two = pending.find(({ command }) => command === 'touch two.txt');
  if (!two) throw new Error('it does not wait');
  await jonas.approval.decide.mutate({ id: two.id, decision: 'denied', note: 'not that one' });
  await expect(waitingIn(page)).toHaveCount(4);
  await page.keyboard.press('a');
  const alert = bar.getByRole('alert');
  await expect(alert.getByText('1 question not decided')).toBeVisible();
  await expect(alert.getByText('touch two.txt')).toBeVisible();
  await expect(alert.getByText('Jonas has decided already: denied.')).toBeVisible();
  await expect(waitingIn(page)).toHaveCount(2);
  const decided = page.getByRole('list', { name: 'Decided' });
  await expect(decided.getByText('mkdir three')).toBeVisible();
  await show(page, 'inbox-batch-failure');
  await page.setViewportSize(wide);
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();

  await page.setViewportSize(phone);
  await page.getByRole('checkbox', { name: 'Select touch four.txt' }).check();
  await bar.getByRole('button', { name: 'Deny 1' }).click();
  await bar.getByLabel('Note for the agent').fill('not now');
  await bar.getByRole('button', { name: 'Deny', exact: true }).click();
  await expect(waitingIn(page)).toHaveCount(1);
  await expect(decided.getByText('touch four.txt')).toBeVisible();
  expect(await api.approval.count.query()).toBe(1);
  expect(mira.faults).toEqual([]);
});

test('[APR40] [APR41] [WEB51] [WEB53] [WEB55] what is allowed for a session is weighed, seen, and taken back', async ({
  model,
  server,
  guest,
  repository,
}) => {
  test.setTimeout(180_000);
  play(model, ['touch one.txt', 'touch one.txt', 'touch one.txt', 'touch one.txt', 'touch one.txt']);
  const workspace = join(repository, 'omnigent.yaml');
  await writeFile(workspace, rules);
  const mira = await guest('Mira');
  const { page } = mira;
  const { api } = await server.signIn('Mira');
  const { sessionId } = await api.session.create.mutate({ workspace, harness: 'acp:example', name: 'auth-overhaul' });
  const send = (n: number) => api.turn.send.mutate({ session: sessionId, prompt: `Do step-${n};` });
  const question = page.getByRole('region', { name: 'Question' });
  const timeline = page.getByRole('region', { name: 'Timeline' });
  const rail = page.getByRole('complementary', { name: 'About this session' });

  await page.goto(`${server.url}/sessions/${sessionId}`);
  await send(0);
  await expect(question.getByText('nobody decided about the like')).toBeVisible({ timeout: 30_000 });
  await expect(timeline.getByText(/^waits for a person/)).toBeVisible();
  await isDecidable(page);
  await page.keyboard.press('a');
  await expect(page.getByText('Step 0 is over.')).toBeVisible();
  await expect(timeline.getByText(/^by Mira/)).toBeVisible();
  await expect(timeline.getByText(/waits for a person/)).toBeHidden();

  await send(1);
  await expect(question.getByText('1 allowed of the like')).toBeVisible();
  await isDecidable(page);
  await page.keyboard.press('s');
  const form = page.getByRole('form', { name: 'Allow for session' });
  await expect(form.getByText('Would have allowed 1 of the last 1 action of this session')).toBeVisible();
  await expect(form.getByRole('list', { name: 'Would have been allowed' }).getByText('approved by Mira')).toBeVisible();
  await expect(form.getByRole('button', { name: 'Allow for session' })).toBeFocused();
  await show(page, 'session-allow');
  await page.setViewportSize(wide);
  // Another layout begins anew.
  await expect(form).toBeHidden();
  await isDecidable(page);
  await page.keyboard.press('s');
  await form.getByRole('button', { name: 'Allow for session' }).click();
  await expect(page.getByText('Step 1 is over.')).toBeVisible();
  const allowed = rail.getByRole('list', { name: 'Allowed for this session' });
  await expect(allowed.getByText('touch one.txt')).toBeVisible();
  await expect(allowed.getByText(/in the checkout, by Mira, \d\d:\d\d/)).toBeVisible();
  await send(2);
  await expect(page.getByText('Step 2 is over.')).toBeVisible();
  await expect(timeline.getByText(/^by Mira/)).toHaveCount(2);

  await send(3);
  await expect(page.getByText('Step 3 is over.')).toBeVisible();
  await show(page, 'session-allowed');
  await page.setViewportSize(wide);
  await allowed.getByRole('button', { name: 'Revoke touch one.txt' }).click();
  await expect(allowed.getByText('touch one.txt')).toBeHidden();
  await send(4);
  await expect(question).toBeVisible();

  await page.goto(server.url);
  await page.getByRole('link', { name: 'auth-overhaul' }).focus();
  await page.keyboard.press(' ');
  await expect(question.getByText('2 allowed of the like')).toBeVisible();
  await show(page, 'dashboard-question');
  await page.setViewportSize(wide);
  await isDecidable(page);
  await page.keyboard.press('d');
  await page.getByLabel('Note for the agent').fill('it is there already');
  await page.keyboard.press('Control+Enter');
  await expect(question).toBeHidden();
  await expect.poll(() => JSON.stringify(model.requests.at(-1)?.body)).toContain('it is there already');

  await page.goto(`${server.url}/sessions/${sessionId}`);
  await expect(timeline.getByText('“it is there already”')).toBeInViewport();
  await show(page, 'session-decided');
  expect(mira.faults).toEqual([]);
});

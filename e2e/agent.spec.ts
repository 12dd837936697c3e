/** Agents in one session, driven from two browsers: one writes, another reviews; the first one's terminal shows it all. */

import { expect, textOf } from './fixture.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const test = withModel((model) => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' }));

const written = 'The parser is written and tested.';
const reviewed = 'One finding: the empty input is not handled.';

test('[TRN11] Claude Code writes, another agent reviews with the hand-over, and its terminal shows the conversation', async ({
  model,
  repository,
  guest,
}) => {
  test.setTimeout(120_000);
  model.play({
    rules: [
      { match: { contains: 'Review the parser' }, steps: [{ text: reviewed }] },
      { match: { contains: 'Write a parser', hasToolResult: true }, steps: [{ text: written }] },
      {
        match: { contains: 'Write a parser', hasToolResult: false },
        steps: [{ text: 'I begin.' }, { write: { path: 'parser.ts', content: 'export const parse = () => 1;\n' } }],
      },
      { match: {}, steps: [{ text: 'ok' }] },
    ],
  });
  const mira = await guest('Mira');
  const jonas = await guest('Jonas');

  await mira.page.keyboard.press('n');
  await mira.page.getByLabel('Repository or folder').fill(repository);
  await mira.page.getByRole('button', { name: /^CL Claude Code$|^Claude Code$/ }).click();
  await mira.page.getByLabel('First prompt').fill('Write a parser');
  await mira.page.getByRole('button', { name: /^Start/ }).click();
  await mira.page.waitForURL(/\/sessions\/ses_/);
  await expect(mira.page.getByText(written)).toBeVisible({ timeout: 30_000 });
  await expect(mira.page.getByRole('button', { name: /Edit parser\.ts/ })).toBeVisible();

  await jonas.page.goto(mira.page.url());
  await expect(jonas.page.getByText(written)).toBeVisible();
  await jonas.page
    .getByRole('region', { name: 'Prompt' })
    .getByRole('button', { name: /claude/ })
    .click();
  await jonas.page.getByRole('menuitem', { name: 'New: Example agent' }).click();
  await jonas.page.getByLabel('Prompt to an agent').fill('Review the parser');
  await jonas.page.getByLabel('Prompt to an agent').press('Control+Enter');
  await expect(mira.page.getByText(reviewed)).toBeVisible({ timeout: 20_000 });
  await expect(mira.page.getByText('Told what was done before')).toBeVisible();
  const review = model.requests.find(({ body }) => JSON.stringify(body).includes('Review the parser'));
  const asked = JSON.stringify(review?.body);
  for (const part of ['Write a parser', written, 'added parser.ts']) expect(asked).toContain(part);

  await mira.page.getByRole('button', { name: 'More about claude' }).click();
  await mira.page.getByRole('menuitem', { name: 'Open in terminal' }).click();
  await expect.poll(() => textOf(mira.page, 'claude'), { timeout: 20_000 }).toContain(written);
  await mira.page.getByRole('button', { name: 'More about claude' }).click();
  await mira.page.getByRole('menuitem', { name: 'Back to headless' }).click();
  await expect(mira.page.getByText('to be claude-sdk').last()).toBeVisible();
  expect([...mira.faults, ...jonas.faults]).toEqual([]);
});

test('[TRN2] prompts wait in a queue that can be reordered, and Esc interrupts', async ({
  model,
  repository,
  server,
  guest,
}) => {
  model.play({
    rules: [
      { match: { contains: 'first' }, steps: [{ text: 'begin ' }, { gate: 'never' }] },
      { match: {}, steps: [{ text: 'done' }] },
    ],
  });
  const ada = await guest('Ada');
  const visitor = await server.signIn('Ada');
  const { sessionId } = await visitor.api.session.create.mutate({ dir: repository, harness: 'acp:example' });
  await ada.page.goto(`${server.url}/sessions/${sessionId}`);
  const box = ada.page.getByLabel('Prompt to an agent');
  for (const prompt of ['first', 'second', 'third']) {
    await box.fill(prompt);
    await box.press('Control+Enter');
    await expect(box).toHaveValue('');
  }
  const queue = ada.page.getByRole('list', { name: 'Waiting prompts' });
  await expect(queue.getByRole('listitem')).toHaveCount(2);
  await queue.getByRole('button', { name: 'Later' }).first().click();
  await expect(queue.getByRole('listitem').first()).toContainText('third');
  await expect(ada.page.getByText('begin')).toBeVisible();
  await box.press('Escape');
  await expect(ada.page.getByText('Interrupted', { exact: true })).toBeVisible();
  await expect(queue).toBeHidden();
  await expect(ada.page.getByText('done', { exact: true })).toHaveCount(2);
  expect(ada.faults).toEqual([]);
  await visitor.leave();
});

const asked = 'Rotate refresh tokens on every use. Reusing an old one must revoke the family.';
const code =
  "```ts\nif (stored.usedAt) {\n  await tokens.revokeFamily(stored.familyId);\n  throw new Unauthorized('token.reused');\n}\n```";

test('[WEB4] an agent at work, in four looks', async ({ model, server, repository, guest }) => {
  test.setTimeout(120_000);
  const file = 'export const rotate = (token: string) => token;\nexport const family = 1;\n';
  model.play({
    rules: [
      {
        match: { contains: 'p99' },
        steps: [{ text: 'Measuring now, with and without the lookup. So far' }, { gate: 'never' }],
      },
      {
        match: { contains: 'Rotate', hasToolResult: true },
        usage: { input: 31_200, cacheRead: 4_100, output: 640 },
        steps: [
          {
            text: `All green. The family id lives **beside the hash**:\n\n${code}\n\n- a reused token revokes its family\n- the migration backfills`,
          },
        ],
      },
      {
        match: { contains: 'Rotate', hasToolResult: false },
        usage: { input: 2_300, output: 210 },
        steps: [
          { reasoning: 'A replay cannot find its siblings unless the family id is stored with each token.' },
          { text: 'The family id has to live beside the hash, otherwise a replay can’t find its siblings.' },
          { write: { path: 'src/auth/refresh-token.ts', content: file } },
          { shell: 'echo 214 passed' },
        ],
      },
      { match: {}, steps: [{ text: 'ok' }] },
    ],
  });
  const mira = await guest('Mira');
  const visitor = await server.signIn('Mira');
  const options = { dir: repository, name: 'auth-service-overhaul', harness: 'acp:example', agent: 'primary-coder' };
  const { sessionId } = await visitor.api.session.create.mutate(options);
  for (const prompt of [asked, 'Measure the p99 of a refresh', 'Open the pull request as a draft']) {
    await visitor.api.turn.send.mutate({ session: sessionId, prompt });
  }
  await mira.page.goto(`${server.url}/sessions/${sessionId}`);
  await expect(mira.page.getByText('So far')).toBeVisible();
  await expect(mira.page.getByText('Open the pull request as a draft')).toBeVisible();
  await mira.page.mouse.move(0, 0);
  await show(mira.page, 'agent');
  await visitor.leave();
});

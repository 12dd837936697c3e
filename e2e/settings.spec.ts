/** Keys from the first start without any: the new session says so, the settings take one, and an agent works at once. */

import { expect, wide } from './fixture.ts';
import { show } from './look.ts';
import { withModel } from './model-fixture.ts';

const key = 'sk-ant-entered-in-the-settings';

const test = withModel((model) => ({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-environment' }));

test('[PRV6] [PRV7] without a key the new session leads to the settings, and the key entered there works at once', async ({
  server,
  model,
  repository,
  guest,
}) => {
  test.setTimeout(300_000);
  const mira = await guest('Mira');
  const { page } = mira;
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^CL Claude Code$|^Claude Code$/ }).click();
  await expect(dialog.getByText('Claude Code has no key for Anthropic')).toBeVisible();
  await expect(dialog.getByText('/login')).toBeVisible();
  await expect(dialog.getByText('npm run demo')).toBeVisible();
  await show(page, 'new-session-without-key');
  await page.setViewportSize(wide);
  await dialog.getByRole('link', { name: 'Enter a key' }).click();
  await expect(page).toHaveURL(/\/settings#anthropic$/);
  await expect(dialog).toBeHidden();

  const form = page.getByRole('form', { name: 'Key for Anthropic' });
  await expect(form.getByLabel('API key')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(form.getByText('Paste the key')).toBeVisible();
  await form.getByLabel('API key').fill(key);
  await form.getByText('Advanced').click();
  await form.getByLabel('Address').fill('https://ada:secret@models.example.com');
  await form.getByLabel('Address').press('Enter');
  await expect(form.getByText(/without sign-in data/)).toBeVisible();
  await show(page, 'settings-enter-key');
  await page.setViewportSize(wide);
  await form.getByLabel('Address').fill(model.url);
  await form.getByRole('button', { name: 'Save key' }).click();
  await expect(page.getByText('Key stored here, encrypted')).toBeVisible();
  await expect(page.getByText('Key from OPENAI_API_KEY')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Replace the key for Anthropic' })).toBeFocused();
  expect(await page.content()).not.toContain(key);
  await show(page, 'settings-stored-key');
  await page.setViewportSize(wide);

  model.play({ rules: [{ match: {}, steps: [{ text: 'It works.' }] }] });
  const visitor = await server.signIn('Mira');
  const { sessionId } = await visitor.api.session.create.mutate({ dir: repository, harness: 'acp:example' });
  await page.goto(`${server.url}/sessions/${sessionId}`);
  await page.getByLabel('Prompt to an agent').fill('Go');
  await page.getByLabel('Prompt to an agent').press('Control+Enter');
  await expect(page.getByText('It works.')).toBeVisible({ timeout: 20_000 });
  expect(model.requests.at(-1)?.headers['x-api-key']).toBe(key);

  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/settings`);
  await page.getByRole('button', { name: 'Remove the key for Anthropic' }).click();
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await page.getByRole('button', { name: 'Remove the key', exact: true }).click();
  await expect(page.getByText('No key', { exact: true })).toBeVisible();
  await page.goto(`${server.url}/sessions/${sessionId}`);
  await expect(page.getByText('Example agent has no key for Anthropic')).toBeVisible();
  await show(page, 'session-without-key');
  expect(mira.faults).toEqual([]);
});

test('[PRV6] the settings are a key or a tap away from everywhere', async ({ server, guest }) => {
  const { page } = await guest('Mira');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { name: 'Providers and keys' })).toBeVisible();
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('keys');
  await page.keyboard.press('ArrowUp');
  await page.getByRole('option', { name: 'Settings' }).click();
  await expect(page).toHaveURL(`${server.url}/settings`);
  await page.goto(server.url);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
});

test('[CRD21] secrets are added, replaced and removed in the settings, and a value is never shown', async ({
  server,
  guest,
}) => {
  const { page, faults } = await guest('Mira');
  const value = 'glpat-entered-in-the-settings';
  await page.goto(`${server.url}/settings`);
  await page.getByRole('button', { name: 'Add a secret' }).click();
  const form = page.getByRole('form', { name: 'New secret' });
  await expect(form.getByLabel('Name')).toBeFocused();
  await form.getByLabel('Name').fill('Our Forge');
  await form.getByLabel('Where it may go').fill('http://git.example.com');
  await form.getByRole('button', { name: 'User and password, for git' }).click();
  await form.getByRole('button', { name: 'Save secret' }).click();
  await expect(form.getByText('Paste the token or password.')).toBeVisible();
  await form.getByLabel('Password or token').fill(value);
  await form.getByLabel('Password or token').press('Enter');
  await expect(form.getByText(/^Expected 1 to 63/)).toBeVisible();
  await expect(form.getByText(/^Expected an https address/)).toBeVisible();
  await expect(form.getByText(/^Expected a user name/)).toBeVisible();
  await show(page, 'settings-add-secret');
  await page.setViewportSize(wide);
  await form.getByLabel('Name').fill('our-forge');
  await form.getByLabel('Where it may go').fill('https://git.example.com/team/');
  await form.getByLabel('User').fill('bot');
  await form.getByLabel('User').press('Enter');
  await expect(page.getByRole('heading', { name: 'our-forge' })).toBeVisible();
  await expect(page.getByText('As password of bot. Never used.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a secret' })).toBeFocused();
  expect(await page.content()).not.toContain(value);

  await page.getByRole('button', { name: 'Replace the secret our-forge' }).click();
  const again = page.getByRole('form', { name: 'Value of our-forge' });
  await expect(again.getByLabel('Password or token')).toBeFocused();
  await expect(again.getByLabel('Password or token')).toHaveValue('');
  await again.getByRole('button', { name: 'A header of its own' }).click();
  await again.getByLabel('Header').fill('X-Api-Key');
  await again.getByLabel('Value').fill(`${value}-2`);
  await again.getByLabel('Value').press('Enter');
  await expect(page.getByText('In the header X-Api-Key. Never used.')).toBeVisible();
  await show(page, 'settings-secrets');
  await page.setViewportSize(wide);

  await page.getByRole('button', { name: 'Remove the secret our-forge' }).click();
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await page.getByRole('button', { name: 'Remove the secret', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'our-forge' })).toBeHidden();
  expect(faults).toEqual([]);
});

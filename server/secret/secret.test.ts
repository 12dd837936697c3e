import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SecretBox } from './index.ts';

const random = (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length));
const text = 'sk-ant-not-a-real-key';
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'omnigent-secret-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const boxOf = (given: Uint8Array | null = null) => new SecretBox({ home, given, givenNext: null, random });
const seal = (box: SecretBox, name: string) => box.store(text, name, async (sealed) => sealed);
const keyFile = () => join(home, 'secret.key');
const unusable = (words: RegExp) => ({ code: 'secret.unusable', message: expect.stringMatching(words) });

it('[KEY1] opens what it sealed, under the same name only, and never seals the same way twice', async () => {
  const box = boxOf(randomBytes(32));
  const [one, two] = [await seal(box, 'anthropic'), await seal(box, 'anthropic')];
  expect(await box.open(one, 'anthropic')).toBe(text);
  expect(Buffer.from(one).equals(two)).toBe(false);
  expect(Buffer.from(one).includes(text)).toBe(false);
  await expect(box.open(one, 'openai')).rejects.toMatchObject(unusable(/another secret key/));
});

it('[KEY1] a changed, shortened or lengthened byte opens nothing', async () => {
  const box = boxOf(randomBytes(32));
  const sealed = await seal(box, 'anthropic');
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
    await expect(box.open(changed, 'anthropic'), `byte ${at}`).rejects.toMatchObject({ code: 'secret.unusable' });
    await expect(box.open(sealed.subarray(0, at), 'anthropic')).rejects.toMatchObject({ code: 'secret.unusable' });
  }
  const longer = Buffer.concat([sealed, Buffer.of(0)]);
  await expect(box.open(longer, 'anthropic')).rejects.toMatchObject({ code: 'secret.unusable' });
});

it('[KEY2] the secret key is made on first need, for its owner alone, and is the same for all who need it at once', async () => {
  await expect(stat(keyFile())).rejects.toMatchObject({ code: 'ENOENT' });
  const sealed = await Promise.all(Array.from({ length: 8 }, () => seal(boxOf(), 'openai')));
  expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
  for (const each of sealed) expect(await boxOf().open(each, 'openai')).toBe(text);
});

it('[KEY2] the file’s content may as well come from the environment', async () => {
  const sealed = await seal(boxOf(), 'openai');
  const given = Buffer.from((await readFile(keyFile(), 'utf8')).trim(), 'base64');
  await rm(keyFile());
  expect(await boxOf(given).open(sealed, 'openai')).toBe(text);
  await expect(boxOf().open(sealed, 'openai')).rejects.toMatchObject(unusable(/is gone; restore it/));
  await expect(stat(keyFile())).rejects.toMatchObject({ code: 'ENOENT' });
});

it('[KEY3] a secret key that others may read, of another length or behind a link is refused with the fix', async () => {
  const sealed = await seal(boxOf(), 'openai');
  await chmod(keyFile(), 0o640);
  await expect(boxOf().open(sealed, 'openai')).rejects.toMatchObject(unusable(/chmod 600/));
  await chmod(keyFile(), 0o600);
  for (const content of ['', randomBytes(16).toString('base64'), randomBytes(33).toString('base64'), 'x'.repeat(999)]) {
    await writeFile(keyFile(), content);
    await expect(seal(boxOf(), 'openai')).rejects.toMatchObject(unusable(/32 bytes in base64/));
  }
  await rm(keyFile());
  await symlink('/dev/zero', keyFile());
  await expect(seal(boxOf(), 'openai')).rejects.toMatchObject(unusable(/symbolic link/));
});

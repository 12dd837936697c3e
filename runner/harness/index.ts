/** Public face of harnesses: whichever folders stand beside this file, found when they are needed. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AppError } from '#protocol/error.ts';
import type { Harness, HarnessFolder } from './harness.ts';

export type { Capabilities, Found, Harness, SignIn } from './harness.ts';

/** Sources are folders beside this file; built, each is a file of dist/harness/. */
async function entries(): Promise<string[]> {
  const here = fileURLToPath(import.meta.url);
  const isSource = here.endsWith('.ts');
  const folder = isSource ? dirname(here) : join(dirname(here), 'harness');
  const names = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    // A command that was built without its runner knows none.
    if (cause.code === 'ENOENT') return [];
    throw cause;
  });
  return isSource
    ? names.filter((name) => name.isDirectory()).map(({ name }) => join(folder, name, 'index.ts'))
    : names.filter(({ name }) => name.endsWith('.js')).map(({ name }) => join(folder, name));
}

let loaded: Promise<HarnessFolder[]> | null = null;

/** In a fixed order, so that what is listed is the same everywhere. */
const folders = (): Promise<HarnessFolder[]> => {
  loaded ??= entries().then((paths) =>
    Promise.all(
      paths
        .sort()
        .map(async (path) => ((await import(pathToFileURL(path).href)) as { harnesses: HarnessFolder }).harnesses),
    ),
  );
  return loaded;
};

/** Every harness that has a name, by type. */
export async function namedHarnesses(): Promise<Record<string, Harness>> {
  return Object.assign({}, ...(await folders()).map(({ named }) => named)) as Record<string, Harness>;
}

/** The harness of a type. Throws `input.invalid` naming those there are. */
export async function harnessOf(type: string): Promise<Harness> {
  const named = await namedHarnesses();
  const found = Object.hasOwn(named, type) ? named[type] : undefined;
  const harness = found ?? (await folders()).map((folder) => folder.resolve(type)).find((one) => one !== null);
  if (harness) return harness;
  const known = Object.keys(named).join(', ');
  throw new AppError({
    code: 'input.invalid',
    message: `harness: there is no ${type}; use one of ${known}, or acp:COMMAND`,
  });
}

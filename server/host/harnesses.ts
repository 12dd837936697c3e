/** The harnesses of this machine: which there are, whether their programs can be used, and installing one on request. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { ProviderName } from '#protocol/provider.ts';
import {
  type Capabilities,
  type Found,
  type Harness,
  harnessOf,
  namedHarnesses,
  type SignIn,
} from '#runner/harness/index.ts';
import { installPackage } from './npm.ts';

export interface HarnessFacts extends Found {
  type: string;
  title: string;
  /** Harnesses of one family are faces of the same agent. */
  family: string;
  /** Whether this face is a terminal that people see. */
  hasTerminal: boolean;
  capabilities: Capabilities;
  /** Whose models it uses; null: not known. */
  provider: ProviderName | null;
  /** How a person signs it in with a subscription instead of a key; null where that cannot be done. */
  signIn: SignIn | null;
  /** Whether `install` can get it. */
  isInstallable: boolean;
}

export interface Harnesses {
  list(): Promise<HarnessFacts[]>;
  /** Harnesses of one family share conversations; a type that was never checked is its own family. */
  familyOf(type: string): string;
  /** Throws `input.invalid` naming the types there are. */
  check(type: string): Promise<void>;
  /** Runs npm for the tested version of the program. Throws `input.unsupported`, `launch.failed` with npm's own words. */
  install(type: string): Promise<HarnessFacts>;
}

export interface HarnessesOptions {
  /** `$OMNIGENT_HOME`: installed into `agents/` there. */
  home: string;
  /** Where programs are looked for: PATH and the variables of contract.md. */
  env: Readonly<Record<string, string | undefined>>;
  /** All that npm sees of the environment: nothing secret. */
  npmEnv: NodeJS.ProcessEnv;
  note: (line: string) => void;
}

/** What was found is believed this long, in ms: looking runs every program once. */
const freshMs = 5 * 60_000;

export function createHarnesses({ home, env, npmEnv, note }: HarnessesOptions): Harnesses {
  let known: { at: number; list: Promise<HarnessFacts[]> } | null = null;
  const families = new Map<string, string>();
  const look = async (): Promise<HarnessFacts[]> =>
    Promise.all(Object.entries(await namedHarnesses()).map(([type, harness]) => factsOf(type, harness, env)));
  return {
    list() {
      if (!known || performance.now() - known.at > freshMs) known = { at: performance.now(), list: look() };
      return known.list;
    },
    familyOf: (type) => families.get(type) ?? type,
    async check(type) {
      for (const [name, { family }] of Object.entries(await namedHarnesses())) families.set(name, family);
      families.set(type, (await harnessOf(type)).family);
    },
    async install(type) {
      const harness = await harnessOf(type);
      if (!harness.npm)
        throw new AppError({ code: 'input.unsupported', message: await nothingToInstall(harness, env) });
      const folder = join(home, 'agents');
      await mkdir(folder, { recursive: true, mode: 0o755 });
      await writeFile(join(folder, 'package.json'), '{"private":true}\n', { flag: 'wx' }).catch(() => undefined);
      const wanted = `${harness.npm.name}@${harness.npm.version}`;
      note(`installing ${wanted} in ${folder}`);
      await installPackage({ cwd: folder, wanted, env: npmEnv });
      known = null;
      return factsOf(type, harness, env);
    },
  };
}

/** What to do instead. */
async function nothingToInstall({ title, find }: Harness, env: HarnessesOptions['env']): Promise<string> {
  const { problem } = await find(env);
  return `${title} has no npm package that Omnigent installs; ${problem ?? 'it is ready'}`;
}

async function factsOf(type: string, harness: Harness, env: HarnessesOptions['env']): Promise<HarnessFacts> {
  const { title, family, hasTerminal, capabilities, provider, signIn, npm } = harness;
  const found = await harness.find(env);
  return { type, title, family, hasTerminal, capabilities, provider, signIn, isInstallable: npm !== null, ...found };
}

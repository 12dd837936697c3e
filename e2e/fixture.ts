/** What every journey starts from: a real server of its own, a repository, people in real browsers. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContext, type BrowserContextOptions, test as base, type Page } from '@playwright/test';
import { prepareHome } from '#db/testing-home.ts';
import { projectRoot, ServerProcess } from './server-process.ts';

const run = promisify(execFile);

export const wide = { width: 1440, height: 900 } as const;
export const phone = { width: 390, height: 844 } as const;

/** A person with a browser of their own. */
export interface Guest {
  page: Page;
  context: BrowserContext;
  /** Console errors, page errors and policy violations; a journey that causes none expects it to be empty. */
  faults: string[];
}

interface Fixtures {
  server: ServerProcess;
  /** A small git repository with 20 files. */
  repository: string;
  /** Signs `name` in with a one-time link, as they would by clicking it. */
  guest: (name: string, options?: BrowserContextOptions) => Promise<Guest>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  server: async ({}, use) => {
    const server = await ServerProcess.start({ onHome: prepareHome });
    await use(server);
    await server.stop();
  },
  repository: async ({ server }, use) => {
    await use(await makeRepository(join(server.folder, 'person', 'payments-api')));
  },
  guest: async ({ browser, server }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (name, options = {}) => {
      const context = await browser.newContext({ viewport: wide, colorScheme: 'dark', ...options });
      contexts.push(context);
      return signIn(context, await server.newLink(name));
    });
    for (const context of contexts) await context.close();
  },
});

export { expect } from '@playwright/test';

async function signIn(context: BrowserContext, link: string): Promise<Guest> {
  const page = await context.newPage();
  const faults: string[] = [];
  watch(page, faults);
  context.on('page', (other) => watch(other, faults));
  await page.goto(link);
  await page.waitForURL((url) => url.pathname === '/');
  // Before its list is there the page may not take keys yet.
  await page.getByText('No sessions yet').or(page.locator('[data-row]')).first().waitFor();
  return { page, context, faults };
}

/** Sockets that break because a test broke them are not faults of the page. */
const expected = /WebSocket connection to|net::ERR_CONNECTION_REFUSED|net::ERR_INTERNET_DISCONNECTED/;

function watch(page: Page, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) faults.push(message.text());
  });
}

export async function makeRepository(folder: string): Promise<string> {
  await mkdir(join(folder, 'src'), { recursive: true });
  const files = Array.from({ length: 20 }, (_, n) =>
    writeFile(join(folder, 'src', `file-${n}.ts`), `export const n = ${n};\n`),
  );
  await Promise.all(files);
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Mira', '-c', 'user.email=mira@example.com', ...args], { cwd: folder });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'Start');
  return folder;
}

/** What the emulator on the page shows: lines without trailing blanks, size and cursor. */
export interface PageScreen {
  lines: string[];
  cols: number;
  rows: number;
  cursor: { x: number; y: number };
}

/** The screen of the terminal called `name`, read from its emulator; null until it is there. */
export function screenOf(page: Page, name = 'shell 1'): Promise<PageScreen | null> {
  return page.evaluate((label) => {
    type Buffer = {
      baseY: number;
      cursorX: number;
      cursorY: number;
      getLine(y: number): { translateToString(trim: boolean): string } | undefined;
    };
    type Host = Element & { terminal?: { cols: number; rows: number; buffer: { active: Buffer } } };
    const section = document.querySelector(`section[aria-label="${label}"]`);
    const host = [...(section?.querySelectorAll('div') ?? [])].find((element) => (element as Host).terminal);
    const terminal = (host as Host | undefined)?.terminal;
    if (!terminal) return null;
    const { active } = terminal.buffer;
    const lines = Array.from(
      { length: terminal.rows },
      (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '',
    );
    return { lines, cols: terminal.cols, rows: terminal.rows, cursor: { x: active.cursorX, y: active.cursorY } };
  }, `Terminal ${name}`);
}

/** The screen as one text, for matching. */
export async function textOf(page: Page, name?: string): Promise<string> {
  return (await screenOf(page, name))?.lines.join('\n') ?? '';
}

/** Types into the terminal as a person does. */
export async function typeInto(page: Page, text: string, name = 'shell 1'): Promise<void> {
  const terminal = page.getByRole('region', { name: `Terminal ${name}` });
  // Its size is there with its first seat; what is typed before that is refused, and says so.
  await terminal.getByText(/^\d+ × \d+$/).waitFor({ state: 'attached' });
  await terminal.locator('textarea').first().focus();
  await page.keyboard.type(text);
}

/** Runs the CLI against `server` as the person who owns it. */
export async function omnigent(server: ServerProcess, ...args: string[]): Promise<string> {
  const env = { ...process.env, OMNIGENT_HOME: server.home };
  const { stdout } = await run(process.execPath, [join(projectRoot, 'bin', 'omnigent', 'main.mjs'), ...args], { env });
  return stdout;
}

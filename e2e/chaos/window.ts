/** A real Chromium window on the flooded terminal, beside the headless ones: must come back by itself like them. */
import type { Browser, Page } from '@playwright/test';
import type { IBuffer, Terminal } from '@xterm/headless';
import { openBrowser, openPage } from '../browser.ts';
import type { ServerProcess } from '../server-process.ts';
import { until } from './wait.ts';

/** Visible rows cell by cell: characters, width, colours, attributes. */
interface Cells {
  cols: number;
  rows: number;
  cursor: string;
  lines: string[];
}

type Shown = Pick<Terminal, 'cols' | 'rows'> & { buffer: { active: IBuffer } };

/** Runs here and in the page, so it calls nothing but the emulator. */
function readCells(terminal: Shown): Cells {
  const { active } = terminal.buffer;
  const lines: string[] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = active.getLine(active.baseY + y);
    const cells: (string | number | boolean | undefined)[] = [];
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line?.getCell(x);
      cells.push(cell?.getChars() || ' ', cell?.getWidth(), cell?.getFgColorMode(), cell?.getFgColor());
      cells.push(cell?.getBgColorMode(), cell?.getBgColor(), cell?.isBold(), cell?.isInverse(), cell?.isUnderline());
    }
    lines.push(cells.join());
  }
  return { cols: terminal.cols, rows: terminal.rows, cursor: `${active.cursorX},${active.cursorY}`, lines };
}

export class ChromiumWindow {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #faults: string[] = [];
  /** The newest error in the page's console: what an error boundary caught shows only there. */
  #said = '';

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
    page.on('pageerror', (error) => this.#faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#said = message.text();
    });
  }

  /** Opens the session's page as `name` and shows its terminal called `tab`. */
  static async open(server: ServerProcess, options: { name: string; sessionId: string; tab: string }) {
    const browser = await openBrowser();
    try {
      const page = await openPage(browser, server, options.name);
      await page.goto(`${server.url}/sessions/${options.sessionId}`);
      await page.getByRole('tab', { name: options.tab }).click();
      const window = new ChromiumWindow(browser, page);
      await until('the page shows its terminal', async () => (await window.#read()) !== null, 15_000, 100);
      return window;
    } catch (cause) {
      await browser.close();
      throw cause;
    }
  }

  /** FLT5: what it shows is what `truth` shows, without a reload. Resolves with what is wrong. */
  async violations(truth: Shown): Promise<string[]> {
    const wanted = readCells(truth);
    let shown: Cells | null = null;
    const isSame = async () => {
      shown = await this.#read();
      return JSON.stringify(shown) === JSON.stringify(wanted);
    };
    const found = this.#faults.map((fault) => `FLT5 the page threw: ${fault}`);
    const isRight = await until('', isSame, 20_000, 200).then(
      () => true,
      () => false,
    );
    if (isRight) return found;
    const what = shown ? difference(shown, wanted) : `shows no terminal but ${await this.#text()}`;
    return [...found, `FLT5 Chromium: ${what}`];
  }

  async #text(): Promise<string> {
    const text = await this.#page.locator('body').ariaSnapshot();
    return JSON.stringify(`${this.#page.url()} ${text.slice(0, 600)} ${this.#said.slice(0, 600)}`);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  #read(): Promise<Cells | null> {
    const find = `[...document.querySelectorAll('section[aria-label^="Terminal "] div')].find((element) => element.terminal)?.terminal`;
    // Bundlers name inner functions through a function the page does not have; the source as text has none.
    return this.#page.evaluate(
      `(() => { const terminal = ${find}; return terminal ? (${readCells.toString()})(terminal) : null; })()`,
    );
  }
}

function difference(shown: Cells, wanted: Cells): string {
  for (const field of ['cols', 'rows', 'cursor'] as const) {
    if (shown[field] !== wanted[field]) return `${field} ${shown[field]}, should be ${wanted[field]}`;
  }
  const row = shown.lines.findIndex((line, y) => line !== wanted.lines[y]);
  return `row ${row} is ${shown.lines[row]?.slice(0, 200)}, should be ${wanted.lines[row]?.slice(0, 200)}`;
}

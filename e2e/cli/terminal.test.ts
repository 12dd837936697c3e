/** The verbs of `omnigent terminal`: their answers, and who may. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareHome } from '#db/testing-home.ts';
import { ServerProcess, type Visitor } from '../server-process.ts';
import { Commands, makeRepository } from './command.ts';

let server: ServerProcess;
let commands: Commands;
let jonas: Visitor;

beforeAll(async () => {
  server = await ServerProcess.start({ onHome: prepareHome });
  commands = new Commands(server, await makeRepository(join(server.folder, 'person', 'example')));
  jonas = await server.signIn('Jonas');
}, 120_000);
afterAll(() => server.stop(), 60_000);

interface Listed {
  terminals: { terminalId: string; name: string; driver: string | null; closed: { exitCode: number | null } | null }[];
}

const verb = <T = Record<string, unknown>>(...args: string[]) => commands.json<T>(['terminal', ...args]);
const listed = async (session: string) => (await verb<Listed>('list', session)).terminals;

describe('terminal', { timeout: 120_000 }, () => {
  it('[CLI26] new, list, screen, resize and close answer in the shapes of the contract', async () => {
    await commands.session('shapes');
    const { terminalId } = await verb('new', 'shapes', '--name', 'other', '--', 'sh', '-c', 'echo seen; exec cat');
    expect(terminalId).toMatch(/^trm_/);
    expect(await listed('shapes')).toMatchObject([{ name: 'shell 1' }, { terminalId, name: 'other', closed: null }]);
    const target = ['shapes', '--terminal', 'other'];
    await expect
      .poll(() => verb('screen', ...target), { timeout: 20_000 })
      .toMatchObject({
        ...{ terminalId, offset: 6, cols: 80, rows: 24, cursor: { x: 0, y: 1 } },
        lines: expect.arrayContaining(['seen']),
      });
    expect(await commands.run(['terminal', 'screen', ...target])).toMatchObject({
      stdout: expect.stringMatching(/^seen\n/),
    });
    expect(await verb('resize', 'shapes', '100', '30', '--terminal', 'other')).toEqual({
      ...{ terminalId, cols: 100, rows: 30 },
    });
    await expect.poll(() => verb('screen', ...target), { timeout: 20_000 }).toMatchObject({ cols: 100, rows: 30 });
    expect(await verb('close', ...target)).toEqual({ terminalId });
    const closed = async () => (await listed('shapes')).find((one) => one.terminalId === terminalId)?.closed;
    await expect.poll(closed, { timeout: 20_000 }).not.toBe(null);
  });

  it('[CLI27] take and give move the wheel, and who may not is told with 6, 9 or 10', async () => {
    await commands.session('wheel');
    const [first] = await listed('wheel');
    const me = first?.driver;
    expect(me).toMatch(/^per_/);
    await new Promise<void>((resolve, reject) => {
      jonas.api.session.presence.subscribe({ session: 'wheel' }, { onData: () => resolve(), onError: reject });
    });
    const { terminalId } = first ?? {};
    expect(await verb('give', 'wheel', '--to', 'Jonas')).toEqual({ terminalId, driver: jonas.personId });
    const code = async (...args: string[]) => (await commands.run(['terminal', ...args])).exitCode;
    expect(await code('resize', 'wheel', '90', '20')).toBe(6);
    expect(await code('give', 'wheel')).toBe(6);
    expect(await verb('take', 'wheel')).toEqual({ terminalId, driver: me });
    expect(await verb('give', 'wheel')).toEqual({ terminalId, driver: null });
    const nobody = await commands.run(['terminal', 'give', 'wheel', '--to', 'Nobody']);
    expect(nobody).toMatchObject({ exitCode: 10, stderr: expect.stringContaining('there are: ') });
    expect(await code('screen', 'wheel', '--terminal', 'none')).toBe(10);
    await commands.run(['session', 'stop', 'wheel']);
    expect(await code('take', 'wheel')).toBe(9);
    expect(await code('new', 'wheel')).toBe(9);
  });
});

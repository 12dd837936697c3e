import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Typist } from './typist.ts';

let folder = '';
let typist: Typist;
const key = (line: number) => `cli:${line}`;
const send = (line: number) => typist.sent({ key: key(line), data: Buffer.from(` echo ${line} >>typed.txt\r`) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-typist-'));
  typist = new Typist({ type: () => undefined, file: join(folder, 'typed.txt'), fileName: 'typed.txt' });
});
afterEach(() => rm(folder, { recursive: true }));

async function judge(ran: number[], isAlive = true): Promise<string[]> {
  await writeFile(join(folder, 'typed.txt'), ran.map((line) => `${line}\n`).join(''));
  return typist.violations(isAlive);
}

it('[FLT3] an acked line that never ran, ran twice or ran out of order is found', async () => {
  for (const line of [1, 2, 3]) send(line);
  for (const line of [1, 2, 3]) typist.answered({ key: key(line), how: 'acked' });
  expect(await judge([1, 2, 3])).toEqual([]);
  expect(await judge([1, 3])).toEqual(['FLT3 1 acked lines never ran: 2']);
  expect(await judge([1, 2, 2, 3])).toEqual(['FLT3 line 2 was typed once and ran 2 times']);
  expect(await judge([1, 3, 2])).toEqual(['FLT3 line 2 ran after line 3']);
});

it('[FLT3] a line that got no answer may have run or not; a refused one must not', async () => {
  for (const line of [1, 2, 3]) send(line);
  typist.answered({ key: key(1), how: 'refused' });
  typist.givenUp();
  expect(await judge([2])).toEqual([]);
  expect(await judge([1])).toEqual(['FLT3 refused lines ran: 1']);
  expect(typist.inFlight).toBe(0);
});

it('[FLT3] of a shell that was killed the end may be missing, nothing before it', async () => {
  for (const line of [1, 2, 3]) send(line);
  for (const line of [1, 2, 3]) typist.answered({ key: key(line), how: 'acked' });
  expect(await judge([1], false)).toEqual([]);
  expect(await judge([2], false)).toEqual(['FLT3 1 acked lines never ran: 1']);
});

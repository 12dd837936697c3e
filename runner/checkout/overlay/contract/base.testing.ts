/** What bases promise: built once, whole, and removed when nobody needs them. Called inside of a mount namespace. */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, readFiles } from '../../contract/source.testing.ts';
import { useSuite } from '../../contract/suite.testing.ts';
import { takeLock } from '../lock.ts';
import { reapBases } from '../reaper.ts';
import { dataOf, testedOverlays } from './tested.testing.ts';

const dayMs = 24 * 60 * 60 * 1000;

export function baseContract(): void {
  describe('bases', { timeout: 120_000 }, () => {
    const suite = useSuite(testedOverlays);
    const data = () => dataOf(suite.place.session());
    const bases = () => readdirSync(join(data(), 'bases')).filter((name) => /^[0-9a-f]+$/.test(name));
    const clear = async () => {
      await testedOverlays.release(suite.place.folder);
      rmSync(join(data(), 'sessions'), { recursive: true, force: true });
      await reapBases({ data: data(), now: Date.now(), maxAgeMs: -1 });
    };

    it('[BAS1] several that want the same base at once build it once', async () => {
      const top = suite.place.repository('at-once');
      const made = await Promise.all(
        ['a', 'b', 'c', 'd'].map((branch) =>
          testedOverlays.create({
            ...{ source: top, directory: suite.place.session(), branch, includesChanges: false, restricted: [] },
          }),
        ),
      );
      for (const { checkout } of made) expect(Object.keys(readFiles(checkout.root))).toHaveLength(2);
      expect(bases()).toHaveLength(1);
      expect(readdirSync(join(data(), 'bases', bases()[0] ?? '', 'users'))).toHaveLength(4);
      await clear();
    });

    it('[BAS2] another commit, set of restricted paths, tag or setting is another base; the order of paths is not', async () => {
      const top = suite.place.repository('keys', { a: 'a', b: 'b' });
      const [a, b] = [join(top, 'a'), join(top, 'b')];
      await suite.make(top);
      await suite.make(top, { restricted: ['/elsewhere'] });
      expect(bases()).toHaveLength(1);
      await suite.make(top, { restricted: [a] });
      await suite.make(top, { restricted: [a, join(top, 'none')] });
      await suite.make(top, { restricted: [join(top, 'none'), a] });
      expect(bases()).toHaveLength(3);
      git(top, 'tag', 'v1');
      await suite.make(top);
      git(top, 'config', 'user.name', 'Grace');
      const { checkout } = await suite.make(top, { restricted: [b] });
      expect(git(checkout.root, 'config', 'user.name')).toBe('Grace');
      suite.place.commit(top, 'second');
      await suite.make(top);
      expect(bases()).toHaveLength(6);
      await clear();
    });

    it('[BAS3] a base appears whole or not at all: what a crash left half built is removed, what a power cut left is built anew', async () => {
      const top = suite.place.repository('crash', { big: 'x'.repeat(10_000) });
      const { directory } = await suite.make(top);
      const [key = ''] = bases();
      const folder = join(data(), 'bases', key);
      await testedOverlays.release(directory);
      suite.place.write(`${folder}.making-x/tree/half`, 'half');
      const record = join(folder, 'base.json');
      const other = JSON.parse(readFileSync(record, 'utf8'));
      writeFileSync(record, JSON.stringify({ ...other, bootId: 'another' }));
      const whole = await suite.make(top);
      await testedOverlays.release(whole.directory);
      truncateSync(join(folder, 'tree/big'), 0);
      writeFileSync(record, JSON.stringify({ ...other, bootId: 'another' }));
      const { checkout } = await suite.make(top);
      expect(readFiles(checkout.root).big).toHaveLength(10_000);
      expect(readdirSync(join(data(), 'bases')).sort()).toEqual([key, `${key}.lock`]);
      expect(readdirSync(join(folder, 'users'))).toHaveLength(3);
      await clear();
    });

    it('[BAS4] unused bases go by age, and the oldest by size; one in use never does', async () => {
      const now = Date.now();
      const reap = (options: { now: number; maxBytes?: number }) => reapBases({ data: data(), ...options });
      const used = await suite.make(suite.place.repository('used'));
      const [inUse = ''] = bases();
      const unused = await suite.make(suite.place.repository('unused'));
      await unused.checkout.remove({ mode: 'discard' });
      expect(bases()).toHaveLength(2);
      expect(await reap({ now: now + 13 * dayMs })).toEqual([]);
      expect(await reap({ now: now + 15 * dayMs })).toHaveLength(1);
      expect(bases()).toEqual([inUse]);
      const large = await suite.make(suite.place.repository('large', { f: 'x'.repeat(100_000) }));
      await large.checkout.remove({ mode: 'discard' });
      expect(await reap({ now, maxBytes: 90_000 })).toHaveLength(1);
      expect(await reap({ now: now + 99 * dayMs, maxBytes: 0 })).toEqual([]);
      expect(bases()).toEqual([inUse]);
      expect(Object.keys(readFiles(used.checkout.root))).toHaveLength(2);
      await testedOverlays.release(used.directory);
      expect(await reap({ now: now + 99 * dayMs })).toEqual([]);
      rmSync(used.directory, { recursive: true });
      expect(await reap({ now: now + 99 * dayMs })).toHaveLength(1);
      expect(readdirSync(join(data(), 'bases'))).toEqual([]);
    });

    it('[BAS4] one that somebody builds or takes now is left alone, and a reaper that was killed is finished', async () => {
      const { directory } = await suite.make(suite.place.repository('taken'));
      await testedOverlays.release(directory);
      rmSync(directory, { recursive: true });
      const folder = join(data(), 'bases', bases()[0] ?? '');
      const lock = await takeLock(`${folder}.lock`, { waitMs: 0 });
      expect(await takeLock(`${folder}.lock`, { waitMs: 0 })).toBeNull();
      const late = { data: data(), now: Date.now() + 99 * dayMs };
      expect(await reapBases(late)).toEqual([]);
      await lock?.release();
      suite.place.write(join(data(), 'bases/0a.removed/tree/half'), 'half');
      suite.place.write(join(data(), 'bases/0b.making-x/tree/half'), 'half');
      suite.place.write(join(data(), 'bases/0c.lock'), '');
      expect(await reapBases(late)).toEqual([folder]);
      expect(existsSync(join(data(), 'bases'))).toBe(true);
      expect(readdirSync(join(data(), 'bases'))).toEqual([]);
    });
  });
}

/** The hash chain: stable hashes, and a name for each kind of tampering. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChainWitness, canonicalJson, type HashedRow, hashRow, hex, verifyChain, zeroHash } from './chain.ts';

function chain(length: number, note = 'x'): HashedRow[] {
  const rows: HashedRow[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const row = {
      sessionId: 'ses_a',
      seq,
      type: 'runner.lost',
      version: 1,
      at: new Date(seq * 1000).toISOString(),
      principal: 'server',
      dedupeKey: `k${seq}`,
      payload: { note, seq },
    };
    rows.push({ ...row, hash: hashRow(rows.at(-1)?.hash ?? zeroHash, row) });
  }
  return rows;
}

const witnessOf = (rows: HashedRow[], anchored: number[] = []): ChainWitness => ({
  head: { seq: rows.length, hash: rows.at(-1)?.hash ?? zeroHash },
  anchors: new Map(anchored.map((seq) => [seq, hex(rows[seq - 1]?.hash ?? zeroHash)])),
});

const renumber = (rows: HashedRow[]): HashedRow[] => rows.map((row, index) => ({ ...row, seq: index + 1 }));

describe('canonical json', () => {
  it('is the same for every order of keys and survives a round trip through json', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u0000'));
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1, a: [undefined, 'x'], c: undefined })).toBe('{"a":[null,"x"],"b":1}');
  });

  it('[LOG5] refuses what jsonb cannot hold', () => {
    for (const text of ['\\u0000', '\\\\ud800', 'C:\\users\\u0000'])
      expect(JSON.parse(canonicalJson([text]))).toEqual([text]);
    for (const value of ['\0', '\ud800', { '\udc00x': 1 }, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1]) {
      expect(() => canonicalJson(value)).toThrowError(expect.objectContaining({ code: 'event.unstorable' }));
    }
  });
});

describe('checking a chain', () => {
  it('[LOG10] an untouched chain verifies and yields its head', async () => {
    const rows = chain(50);
    expect(await verifyChain('ses_a', rows, witnessOf(rows, [1, 20, 50]))).toEqual({
      ok: true,
      rows: 50,
      head: hex(rows[49]?.hash ?? zeroHash),
    });
    expect(await verifyChain('server', [], witnessOf([]))).toMatchObject({ ok: true, rows: 0 });
  });

  it('[LOG10] a change of any field of a row is found as altered', async () => {
    const rows = chain(10);
    const changes: Partial<HashedRow>[] = [
      { type: 'session.paused' },
      { version: 2 },
      { at: new Date(1).toISOString() },
      { principal: 'per_x' },
      { dedupeKey: 'other' },
      { payload: { note: 'y', seq: 4 } },
      { hash: zeroHash },
      { sessionId: 'ses_b' },
    ];
    for (const change of changes) {
      const tampered = rows.map((row) => (row.seq === 4 ? { ...row, ...change } : row));
      const result = await verifyChain('ses_a', tampered, witnessOf(rows));
      expect(result, JSON.stringify(change)).toMatchObject({ firstBad: { chain: 'ses_a', seq: 4, why: 'altered' } });
    }
  });

  it('[LOG10] a row taken out is found as missing, or by its hashes when the rest closes the gap', async () => {
    const rows = chain(10);
    const without = rows.filter((row) => row.seq !== 6);
    expect(await verifyChain('ses_a', without, witnessOf(rows))).toMatchObject({
      firstBad: { seq: 6, why: 'missing' },
    });
    const closed = await verifyChain('ses_a', renumber(without), witnessOf(rows));
    expect(closed).toMatchObject({ ok: false, firstBad: { seq: 6 } });
    expect(await verifyChain('ses_a', rows.slice(1), witnessOf(rows))).toMatchObject({
      firstBad: { seq: 1, why: 'missing' },
    });
  });

  it('[LOG10] two rows that changed places are found as reordered', async () => {
    const rows = chain(10);
    const [third, fourth] = [rows[2], rows[3]];
    const swapped = renumber(rows.map((row) => (row === third ? fourth : row === fourth ? third : row)) as HashedRow[]);
    expect(await verifyChain('ses_a', swapped, witnessOf(rows))).toMatchObject({
      firstBad: { seq: 3, why: 'reordered' },
    });
  });

  it('[LOG10] a cut end is found as truncated, by the head or by an anchor', async () => {
    const rows = chain(10);
    const cut = rows.slice(0, 7);
    expect(await verifyChain('ses_a', cut, witnessOf(rows))).toMatchObject({ firstBad: { seq: 8, why: 'truncated' } });
    const anchored = { ...witnessOf(cut), anchors: witnessOf(rows, [9]).anchors };
    expect(await verifyChain('ses_a', cut, anchored)).toMatchObject({ firstBad: { seq: 8, why: 'truncated' } });
    const gone = { head: null, anchors: anchored.anchors };
    expect(await verifyChain('ses_a', [], gone)).toMatchObject({ firstBad: { seq: 1, why: 'truncated' } });
  });

  it('[LOG10] a chain rewritten with right hashes is found as forked from its anchors', async () => {
    const rows = chain(10);
    const rewritten = chain(10, 'rewritten');
    const anchored = { ...witnessOf(rewritten), anchors: witnessOf(rows, [5, 10]).anchors };
    expect(await verifyChain('ses_a', rewritten, anchored)).toMatchObject({ firstBad: { seq: 5, why: 'forked' } });
    expect(await verifyChain('ses_a', rewritten, witnessOf(rows))).toMatchObject({
      firstBad: { seq: 10, why: 'forked' },
    });
  });
});

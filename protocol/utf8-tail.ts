/** Where UTF-8 text may be cut. Knows nothing of what the text means. */

const expected = (lead: number): number => {
  if (lead >= 0xf0 && lead <= 0xf7) return 4;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xc0 && lead <= 0xdf ? 2 : 1;
};

/** Bytes at the end of `bytes` that begin a character without completing it: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if ((byte & 0xc0) !== 0x80) return expected(byte) > length ? length : 0;
  }
  return 0;
}

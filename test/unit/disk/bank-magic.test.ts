import { describe, expect, test } from 'vitest';
import { decodeBankMagic, encodeBankMagic } from '../../../src/disk/bank-magic.ts';

describe("a bank's mark", () => {
  const uuid = '00112233-4455-6677-8899-AABBCCDDEEFF';

  test('is 16 bytes of text and the UUID in the order of its text', () => {
    const bytes = encodeBankMagic(uuid);
    expect(bytes.length).toBe(512);
    expect(Buffer.from(bytes.subarray(0, 32)).toString('latin1')).toBe(
      'VMWARE FAT16    \x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff',
    );
    expect(decodeBankMagic(bytes)).toBe(uuid);
  });

  test('is missed by name in any other sector', () => {
    expect(() => decodeBankMagic(new Uint8Array(512).fill(0x41))).toThrow(
      'sector 1: expected the bank\'s mark "VMWARE FAT16    ", found "AAAAAAAAAAAAAAAA"',
    );
  });
});

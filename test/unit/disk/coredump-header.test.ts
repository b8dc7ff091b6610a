import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import {
  type CoredumpHeader,
  decodeCoredumpHeader,
  emptyCoredump,
  encodeCoredumpHeader,
  readCoredumpHeader,
  writeCoredumpHeader,
} from '../../../src/disk/coredump-header.ts';

describe('I5: the core-dump header', () => {
  const full: CoredumpHeader = {
    state: 'complete',
    length: 5 * 2 ** 20,
    time: 1_700_000_000,
    bank: 6,
    build: '3.5.0-12345',
    reason: 'sysrq triggered crash',
    sha256: 'ab'.repeat(32),
    logLength: 54_321,
    fetched: true,
    reported: true,
    later: { count: 2, time: 1_700_000_500, logLength: 777 },
  };
  const partitionSize = 110 * 2 ** 20;

  test('has its fields where its table says', () => {
    const bytes = Buffer.from(encodeCoredumpHeader(full));
    expect(bytes.toString('latin1', 0, 8)).toBe('TWBKDUMP');
    expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).toEqual([2, 2]);
    expect(bytes.readBigUInt64LE(16)).toBe(5242880n);
    expect(bytes.readBigUInt64LE(24)).toBe(1700000000n);
    expect(bytes.toString('hex', 32, 64)).toBe(full.sha256);
    expect(bytes.toString('latin1', 64, 76)).toBe('3.5.0-12345\0');
    expect(bytes.toString('latin1', 128, 150)).toBe('sysrq triggered crash\0');
    expect([256, 260, 264, 268, 280].map((at) => bytes.readUInt32LE(at))).toEqual([
      54321, 3, 2, 777, 6,
    ]);
    expect(bytes.readBigUInt64LE(272)).toBe(1700000500n);
    expect(decodeCoredumpHeader(bytes, partitionSize)).toEqual(full);
  });

  test('of an empty partition is read back as empty', () => {
    const device = memoryDevice(new Uint8Array(8192));
    writeCoredumpHeader(device, emptyCoredump);
    expect(readCoredumpHeader(device)).toEqual(emptyCoredump);
  });

  test('is refused after any change of a bit', () => {
    const good = encodeCoredumpHeader(full);
    fc.assert(
      fc.property(fc.nat(511), fc.nat(7), (offset, bit) => {
        const bytes = Uint8Array.from(good);
        bytes[offset]! ^= 1 << bit;
        expect(() => decodeCoredumpHeader(bytes, partitionSize)).toThrow(
          /^core-dump header: expected .*, found /,
        );
      }),
    );
  });

  test('is refused where the dump would not fit the partition, or a log its place', () => {
    expect(() => decodeCoredumpHeader(encodeCoredumpHeader(full), 3 * 2 ** 20)).toThrow(
      'expected a dump of at most 1048576 bytes, found 5242880',
    );
    const longLog = encodeCoredumpHeader({ ...full, logLength: 2 ** 20 });
    expect(() => decodeCoredumpHeader(longLog, partitionSize)).toThrow(
      'expected a log of at most 1044480 bytes, found 1048576',
    );
  });

  test('takes no build and no reason that is longer than its field', () => {
    expect(() => encodeCoredumpHeader({ ...full, reason: 'x'.repeat(129) })).toThrow(
      'expected a reason of at most 128 bytes',
    );
  });
});

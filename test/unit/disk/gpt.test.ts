import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import { type GptTable, moveBackup, readGpt, writeGpt } from '../../../src/disk/gpt.ts';
import { encodeGptEntry, type GptPartition } from '../../../src/disk/gpt-entry.ts';
import { encodeGptHeader } from '../../../src/disk/gpt-header.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { errorOf } from '../../support/error-of.ts';

const sectors = 4096;
const dataType = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';

function partition(number: number, firstLba: number, lastLba: number): GptPartition {
  const name = `part${number}`;
  const guid = deriveGuid('test', name);
  return { number, name, type: dataType, guid, firstLba, lastLba, attributes: 0n };
}

const table: GptTable = {
  diskGuid: deriveGuid('test', 'disk'),
  partitions: [partition(5, 2048, 3000), partition(8, 3001, 4062), partition(14, 34, 2047)],
};

function disk(): { bytes: Buffer; device: ReturnType<typeof memoryDevice> } {
  const bytes = Buffer.alloc(sectors * 512);
  const device = memoryDevice(bytes);
  writeGpt(device, table);
  return { bytes, device };
}

describe('a partition table', () => {
  test('has the header of UEFI 2.10 table 5-5 at LBA 1', () => {
    const { bytes } = disk();
    const header = bytes.subarray(512, 1024);
    expect(header.toString('latin1', 0, 8)).toBe('EFI PART');
    expect(header.readUInt32LE(8)).toBe(0x10000);
    expect(header.readUInt32LE(12)).toBe(92);
    expect(header.readBigUInt64LE(24)).toBe(1n);
    expect(header.readBigUInt64LE(32)).toBe(4095n);
    expect(header.readBigUInt64LE(40)).toBe(34n);
    expect(header.readBigUInt64LE(48)).toBe(4062n);
    expect(header.readBigUInt64LE(72)).toBe(2n);
    expect(header.readUInt32LE(80)).toBe(128);
    expect(header.readUInt32LE(84)).toBe(128);
    expect(header.readUInt32LE(88)).toBe(crc32(bytes.subarray(1024, 1024 + 16384)));
    const covered = Buffer.from(header.subarray(0, 92));
    covered.writeUInt32LE(0, 16);
    expect(header.readUInt32LE(16)).toBe(crc32(covered));
    expect(header.subarray(92).every((byte) => byte === 0)).toBe(true);
  });

  test('has entry 5 at its place in the array, between unused ones', () => {
    const { bytes } = disk();
    const entry = bytes.subarray(1024 + 4 * 128, 1024 + 5 * 128);
    expect(entry.toString('hex', 0, 16)).toBe('a2a0d0ebe5b9334487c068b6b72699c7');
    expect(entry.readBigUInt64LE(32)).toBe(2048n);
    expect(entry.readBigUInt64LE(40)).toBe(3000n);
    expect(entry.toString('utf16le', 56, 66)).toBe('part5');
    expect(bytes.subarray(1024 + 5 * 128, 1024 + 7 * 128).every((byte) => byte === 0)).toBe(true);
  });

  test('has its backup in the last 33 sectors, header last', () => {
    const { bytes } = disk();
    expect(bytes.subarray(4063 * 512, 4095 * 512).equals(bytes.subarray(1024, 34 * 512))).toBe(
      true,
    );
    const header = bytes.subarray(4095 * 512);
    expect(header.readBigUInt64LE(24)).toBe(4095n);
    expect(header.readBigUInt64LE(32)).toBe(1n);
    expect(header.readBigUInt64LE(72)).toBe(4063n);
  });

  test('is read back as it was written, numbers and gaps too', () => {
    const reading = readGpt(disk().device);
    expect(reading).toMatchObject({ source: 'primary', findings: [], diskGuid: table.diskGuid });
    expect(reading.partitions).toEqual(table.partitions);
    expect([reading.firstUsableLba, reading.lastUsableLba]).toEqual([34, 4062]);
  });

  test('is read back whatever its partitions are', () => {
    const layouts = fc
      .uniqueArray(fc.integer({ min: 34, max: 4062 }), { minLength: 2, maxLength: 40 })
      .map((lbas) => lbas.sort((a, b) => a - b));
    fc.assert(
      fc.property(
        layouts,
        fc.string({ maxLength: 18 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (lbas, name, attributes) => {
          const partitions: GptPartition[] = [];
          for (let i = 0; i + 1 < lbas.length; i += 2) {
            const entry = partition(partitions.length * 3 + 1, lbas[i]!, lbas[i + 1]! - 1);
            partitions.push({ ...entry, attributes, name: name.replaceAll('\0', '') });
          }
          const device = memoryDevice(new Uint8Array(sectors * 512));
          writeGpt(device, { diskGuid: table.diskGuid, partitions });
          expect(readGpt(device).partitions).toEqual(partitions);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    [
      'gpt.overlap',
      [partition(1, 100, 200), partition(2, 200, 300)],
      'partition 2: expected it to begin after LBA 200, where partition 1 ends, found LBA 200 (512B shared)',
    ],
    [
      'gpt.range',
      [partition(1, 33, 200)],
      'partition 1: expected a range within LBA 34 to 4062, found 33 to 200',
    ],
    ['gpt.range', [partition(1, 34, 4063)], 'found 34 to 4063'],
    ['gpt.number', [partition(1, 34, 40), partition(1, 50, 60)], 'found 1 twice'],
    ['gpt.number', [partition(129, 34, 40)], 'found 129'],
    ['gpt.name', [{ ...partition(1, 34, 40), name: 'x'.repeat(37) }], 'at most 36 characters'],
  ])('is refused as %s before a byte is written', (code, partitions, message) => {
    const bytes = new Uint8Array(sectors * 512);
    const error = errorOf(() => writeGpt(memoryDevice(bytes), { ...table, partitions }));
    expect([error.kind, error.code]).toEqual(['recipe', code]);
    expect(error.message).toContain(message);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('a damaged partition table', () => {
  test('is read from the backup when the primary header is wrong, and says so', () => {
    const { bytes, device } = disk();
    bytes[512 + 60]! ^= 1;
    const reading = readGpt(device);
    expect(reading.source).toBe('backup');
    expect(reading.partitions).toEqual(table.partitions);
    expect(reading.findings.map((finding) => finding.code)).toEqual(['gpt.header-crc']);
    expect(reading.findings[0]!.message).toMatch(
      /^primary GPT: LBA 1: expected header CRC-32 0x[0-9a-f]{8}, found 0x[0-9a-f]{8}; the backup is used$/,
    );
  });

  test('is read from the backup when the primary array is wrong', () => {
    const { bytes, device } = disk();
    bytes[1024 + 4 * 128 + 32]! ^= 1;
    expect(readGpt(device)).toMatchObject({
      source: 'backup',
      findings: [{ code: 'gpt.array-crc' }],
    });
  });

  test('is read from the primary when the backup is gone', () => {
    const { bytes, device } = disk();
    bytes.fill(0, 4095 * 512);
    expect(readGpt(device)).toMatchObject({
      source: 'primary',
      findings: [{ code: 'gpt.signature', severity: 'warning' }],
    });
  });

  test('names the LBA, what was expected and what was found when both copies are broken', () => {
    const { bytes, device } = disk();
    bytes[512 + 60]! ^= 1;
    bytes[4095 * 512 + 60]! ^= 1;
    const error = errorOf(() => readGpt(device));
    expect([error.kind, error.code]).toEqual(['corrupt', 'gpt.header-crc']);
    expect(error.message).toMatch(
      /^LBA 1: expected header CRC-32 .*; the backup is no help: LBA 4095:/,
    );
  });

  test('tells when the two copies are not of one table', () => {
    const { bytes, device } = disk();
    const other = Buffer.alloc(sectors * 512);
    writeGpt(memoryDevice(other), { ...table, partitions: table.partitions.slice(1) });
    other.copy(bytes, 4063 * 512, 4063 * 512);
    expect(readGpt(device).findings.map(({ code }) => code)).toEqual(['gpt.copies-differ']);
  });

  test.each([
    ['gpt.signature', (b: Buffer) => b.write('EFI PARX', 512)],
    ['gpt.revision', (b: Buffer) => b.writeUInt32LE(0x20000, 520)],
    ['gpt.header-size', (b: Buffer) => b.writeUInt32LE(91, 524)],
    ['gpt.my-lba', (b: Buffer) => b.writeBigUInt64LE(2n, 536)],
    ['gpt.entry-size', (b: Buffer) => b.writeUInt32LE(256, 596)],
    ['gpt.entry-count', (b: Buffer) => b.writeUInt32LE(2 ** 31, 592)],
    ['gpt.array-range', (b: Buffer) => b.writeBigUInt64LE(4090n, 584)],
  ])('is known as %s even with a right CRC', (code, damage) => {
    const { bytes, device } = disk();
    damage(bytes);
    const size = Math.min(512, bytes.readUInt32LE(524));
    bytes.writeUInt32LE(0, 528);
    bytes.writeUInt32LE(crc32(bytes.subarray(512, 512 + size)), 528);
    bytes.fill(0, 4095 * 512);
    expect(errorOf(() => readGpt(device)).code).toBe(code);
  });

  test('never leads to anything but a TwinbankError', () => {
    const good = disk().bytes;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 512, max: 2200 }), fc.integer({ min: 0, max: 255 })), {
          maxLength: 12,
        }),
        fc.boolean(),
        fc.integer({ min: 0, max: sectors }),
        (changes, repairCrc, length) => {
          const bytes = Buffer.from(good.subarray(0, length * 512));
          for (const [offset, value] of changes) if (offset < bytes.length) bytes[offset] = value;
          if (repairCrc && bytes.length > 34 * 512) {
            bytes.writeUInt32LE(crc32(bytes.subarray(1024, 34 * 512)), 600);
            bytes.writeUInt32LE(0, 528);
            bytes.writeUInt32LE(crc32(bytes.subarray(512, 604)), 528);
          }
          try {
            readGpt(memoryDevice(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(TwinbankError);
            expect((error as TwinbankError).kind).toBe('corrupt');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('moving the backup', () => {
  test('puts it at the end of a larger device and leaves one table only', () => {
    const larger = Buffer.alloc(2 * sectors * 512);
    disk().bytes.copy(larger);
    const device = memoryDevice(larger);
    expect(readGpt(device).findings.map(({ code }) => code)).toEqual(['gpt.backup-place']);
    const moved = moveBackup(device);
    expect(moved).toMatchObject({ source: 'primary', findings: [], alternateLba: 8191 });
    expect(moved.lastUsableLba).toBe(8158);
    expect(moved.partitions).toEqual(table.partitions);
    expect(larger.subarray(4095 * 512, 4096 * 512).every((byte) => byte === 0)).toBe(true);
  });

  test('is refused on a smaller device, where a partition would be cut', () => {
    const device = memoryDevice(disk().bytes.subarray(0, 4000 * 512));
    expect(errorOf(() => moveBackup(device)).code).toBe('gpt.range');
  });

  test('is refused where a right table has no place for its partitions', () => {
    const bytes = Buffer.alloc(sectors * 512);
    const last = sectors - 1;
    // Four entries take one sector, so that partitions may end later than beside 128.
    const array = Buffer.alloc(512);
    array.set(encodeGptEntry(partition(2, 2048, sectors - 3)), 128);
    const common = {
      firstUsableLba: 34,
      lastUsableLba: sectors - 3,
      entryCount: 4,
      arrayCrc: crc32(array),
      diskGuid: table.diskGuid,
    };
    bytes.set(encodeGptHeader({ ...common, myLba: 1, alternateLba: last, arrayLba: 2 }), 512);
    bytes.set(array, 1024);
    const device = memoryDevice(bytes);
    expect(readGpt(device).partitions).toEqual([partition(2, 2048, sectors - 3)]);
    const error = errorOf(() => moveBackup(device));
    expect([error.kind, error.code]).toEqual(['refused', 'gpt.range']);
    expect(bytes.subarray(last * 512).every((byte) => byte === 0)).toBe(true);
  });

  test('writes the backup, and waits for it, before the primary', () => {
    const log: string[] = [];
    const inner = memoryDevice(new Uint8Array(sectors * 512));
    writeGpt(
      {
        ...inner,
        write: (offset, data) => {
          log.push(`write ${offset / 512}`);
          inner.write(offset, data);
        },
        flush: () => log.push('flush'),
      },
      table,
    );
    expect(log).toEqual(['write 4063', 'flush', 'write 1', 'flush']);
  });
});

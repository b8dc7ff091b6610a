import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPartitionWrites, tableHeadBytes } from '../../../src/disk/add-partitions.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import { fillForCrc32 } from '../../../src/disk/crc32-fill.ts';
import { readGpt, writeGpt } from '../../../src/disk/gpt.ts';
import type { GptPartition } from '../../../src/disk/gpt-entry.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { readProtectiveMbr, writeProtectiveMbr } from '../../../src/disk/mbr.ts';
import { errorOf } from '../../support/error-of.ts';

const sectors = 8192;
const small = 4096;

function partition(number: number, firstLba: number, lastLba: number): GptPartition {
  const name = `part${number}`;
  const type = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';
  return { number, name, type, guid: deriveGuid('add', name), firstLba, lastLba, attributes: 0n };
}

const there = [partition(1, 2048, 3000), partition(14, 34, 2047)];
const added = [partition(2, 4096, 5000), partition(3, 5001, 8000)];

/** A disk whose table was made for one of `made` sectors. */
function disk(made: number) {
  const bytes = Buffer.alloc(sectors * 512);
  const device = memoryDevice(bytes);
  const before = memoryDevice(bytes.subarray(0, made * 512));
  writeProtectiveMbr(before, { active: true, bootCode: new Uint8Array(440).fill(7) });
  writeGpt(before, { diskGuid: deriveGuid('add', 'disk'), partitions: there });
  bytes.set([1, 2, 3, 4], 440);
  return { bytes, device };
}

describe('four bytes of a text', () => {
  it('give it any CRC-32', () => {
    const texts = fc.uint8Array({ minLength: 4, maxLength: 64 });
    fc.assert(
      fc.property(
        texts,
        fc.nat(),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        (text, place, wanted) => {
          const at = place % (text.length - 3);
          const bytes = text.slice();
          fillForCrc32(bytes, at, wanted);
          expect(crc32(bytes)).toBe(wanted);
          bytes.set(text.subarray(at, at + 4), at);
          expect(bytes).toEqual(text);
        },
      ),
    );
  });
});

describe.each([
  ['a table that was made for a smaller disk', small],
  ['a table that was made for the disk', sectors],
])('partitions that are added to %s', (_title, made) => {
  it('are in both copies at its ends, and nothing else has changed', () => {
    const { bytes, device } = disk(made);
    for (const { offset, data } of addPartitionWrites(
      bytes.subarray(0, tableHeadBytes),
      sectors,
      added,
    )) {
      device.write(offset, data);
    }
    const { partitions, findings, source, lastUsableLba } = readGpt(device);
    expect({ findings, source, lastUsableLba }).toEqual({
      findings: [],
      source: 'primary',
      lastUsableLba: sectors - 34,
    });
    const withoutGuid = partitions.map(({ guid: _, ...one }) => one);
    expect(withoutGuid).toEqual([there[0]!, ...added, there[1]!].map(({ guid: _, ...one }) => one));
    expect(partitions.filter(({ number }) => number !== 2).map(({ guid }) => guid)).toEqual(
      [there[0]!, added[1]!, there[1]!].map(({ guid }) => guid),
    );
    const backup = bytes.subarray((sectors - 33) * 512, (sectors - 1) * 512);
    expect(backup.equals(bytes.subarray(1024, 34 * 512))).toBe(true);
    expect(readProtectiveMbr(device)).toMatchObject({ active: true, findings: [] });
    expect([...bytes.subarray(438, 446)]).toEqual([7, 7, 1, 2, 3, 4, 0, 0]);
  });

  it('leave the first copy right at every moment: each of its writes is one sector', () => {
    const { bytes, device } = disk(made);
    const writes = addPartitionWrites(bytes.subarray(0, tableHeadBytes), sectors, added);
    const numbers = () => readGpt(device).partitions.map(({ number }) => number);
    for (const [index, { offset, data }] of writes.entries()) {
      expect(numbers()).toEqual([1, 14]);
      if (offset < tableHeadBytes) expect(data).toHaveLength(512);
      else expect(offset).toBe((sectors - 33) * 512);
      device.write(offset, data);
      expect(readGpt(device).source).toBe('primary');
      const isLast = index === writes.length - 1;
      expect(numbers()).toEqual(isLast ? [1, 2, 3, 14] : [1, 14]);
    }
    expect(writes).toHaveLength(made === sectors ? 2 : 4);
  });

  it.each([
    ['gpt.number', [partition(1, 4096, 5000)], 'that 1 is in use'],
    ['gpt.number', [partition(3, 4096, 5000), partition(5, 5001, 5002)], 'several'],
    ['gpt.overlap', [partition(2, 3000, 5000)], '3000'],
    ['gpt.range', [partition(2, 4096, sectors - 33)], '8159'],
  ])('are refused before a byte is written: %s', (code, wrong, found) => {
    const { bytes } = disk(made);
    const head = bytes.subarray(0, tableHeadBytes);
    const error = errorOf(() => addPartitionWrites(head, sectors, wrong));
    expect(error).toMatchObject({ code, kind: 'refused' });
    expect(error.message).toContain(found);
  });

  it('are refused where the array is elsewhere', () => {
    const { bytes } = disk(made);
    const head = Buffer.from(bytes.subarray(0, tableHeadBytes));
    head.writeBigUInt64LE(6n, 512 + 72);
    head.writeUInt32LE(0, 512 + 16);
    head.writeUInt32LE(crc32(head.subarray(512, 512 + 92)), 512 + 16);
    const error = errorOf(() => addPartitionWrites(head, sectors, added));
    expect(error.message).toBe('expected 128 entries at LBA 2, found 128 entries at LBA 6');
  });
});

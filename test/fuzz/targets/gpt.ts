import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { type BlockDevice, memoryDevice, sliceDevice } from '../../../src/disk/block-device.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import {
  type GptReading,
  type GptTable,
  moveBackup,
  readGpt,
  writeGpt,
} from '../../../src/disk/gpt.ts';
import { encodeGptHeader } from '../../../src/disk/gpt-header.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { readProtectiveMbr, writeProtectiveMbr } from '../../../src/disk/mbr.ts';
import { sizeByGpt } from '../../../src/disk/truncated-device.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { fails, isTaken } from '../oracle.ts';
import type { Random } from '../random.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

/** Little more than two copies of a table take. */
const sectors = 96;
const partition = (number: number, firstLba: number, lastLba: number) => ({
  ...{ number, firstLba, lastLba, name: `part ${number}`, attributes: number === 1 ? 4n : 0n },
  ...{ type: deriveGuid('fuzz', 'type'), guid: deriveGuid('fuzz', `${number}`) },
});
const table: GptTable = {
  diskGuid: deriveGuid('fuzz', 'disk'),
  partitions: [partition(1, 34, 39), partition(5, 40, 49), partition(128, 50, 61)],
};

export const gpt: FuzzTarget = {
  name: 'gpt',
  seeds() {
    const [whole, larger, backupOnly, few] = [0, 16, 0, 0].map((more) => {
      const disk = memoryDevice(new Uint8Array((sectors - more) * 512));
      writeProtectiveMbr(disk);
      writeGpt(disk, more === 0 ? table : { ...table, partitions: table.partitions.slice(0, 1) });
      return disk.read(0, disk.size);
    }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    backupOnly.fill(0, 512, 1024);
    fewEntries(few);
    return [whole, Buffer.concat([larger, new Uint8Array(16 * 512)]), backupOnly, few];
  },
  mutate: mutateGpt,
  run(input) {
    // A device of no whole sectors, too: a file may be cut anywhere.
    const disk = memoryDevice(Buffer.from(input));
    sizeByGpt(disk);
    isTaken(() => readProtectiveMbr(disk));
    const found = readGpt(disk);
    assertWithin(disk, found);
    const moved = tryMove(disk);
    if (moved && describe(moved) !== describe(found))
      fails('another table after its backup was moved');
    const [finding] = found.findings;
    return takenAs(`${found.source} ${finding?.code ?? 'sound'}${moved ? '' : ' stays'}`);
  },
};

/** A table of four entries, as sgdisk and UEFI allow; ours always have 128. */
function fewEntries(disk: Uint8Array): void {
  const last = sectors - 1;
  const common = {
    ...{ firstUsableLba: 34, lastUsableLba: sectors - 34, diskGuid: table.diskGuid, entryCount: 4 },
    arrayCrc: crc32(disk.subarray(1024, 1024 + 4 * 128)),
  };
  disk.set(encodeGptHeader({ ...common, myLba: 1, alternateLba: last, arrayLba: 2 }), 512);
  disk.set(
    encodeGptHeader({ ...common, myLba: last, alternateLba: 1, arrayLba: last - 32 }),
    last * 512,
  );
}

/** Whoever opens a partition trusts that it is on the disk. */
function assertWithin(disk: BlockDevice, { partitions }: GptReading): void {
  let end = 0;
  for (const { firstLba, lastLba, number } of [...partitions].sort(
    (a, b) => a.firstLba - b.firstLba,
  )) {
    if (firstLba < end) fails(`partition ${number} overlaps another`);
    end = lastLba + 1;
    sliceDevice(disk, firstLba * 512, (lastLba - firstLba + 1) * 512);
  }
}

/** As flash does on a larger disk; undefined where it refuses. */
function tryMove(disk: BlockDevice): GptReading | undefined {
  try {
    return moveBackup(disk);
  } catch (error) {
    if (error instanceof TwinbankError && ['corrupt', 'refused'].includes(error.kind))
      return undefined;
    throw error;
  }
}

function describe({ diskGuid, partitions }: GptTable): string {
  return JSON.stringify([
    diskGuid,
    partitions.map((one) => ({ ...one, attributes: `${one.attributes}` })),
  ]);
}

/** Headers and the first entries are where a change matters. */
function place(random: Random, length: number): number {
  const last = Math.max(0, Math.floor(length / 512) - 1) * 512;
  const start = random.pick([440, 512, 512, 1024, 1024, last, last, Math.max(0, last - 16_384)]);
  return start + random.below(start % 1024 === 512 ? 96 : 512);
}

function mutateGpt(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const rules = {
    fixed: !random.once(16),
    record: 128,
    place,
    tokens: ['EFI PART', '\x55\xaa', new Uint8Array(16)],
  };
  const bytes = Buffer.from(mutateBytes(input, random, other, rules));
  const last = Math.floor(bytes.length / 512) - 1;
  if (!random.once(8)) mend(bytes, 1);
  if (!random.once(8)) mend(bytes, last);
  // What else says where a header is.
  const named = bytes.length >= 1024 ? Number(bytes.readBigUInt64LE(544)) : 0;
  if (named > 1 && named < last) mend(bytes, named);
  return bytes;
}

/** So that a changed header and its array are believed. */
function mend(bytes: Buffer, lba: number): void {
  const at = lba * 512;
  if (lba < 1 || at + 512 > bytes.length) return;
  const array = Number(bytes.readBigUInt64LE(at + 72)) * 512;
  const length = bytes.readUInt32LE(at + 80) * 128;
  if (length <= 131_072 && array + length <= bytes.length) {
    bytes.writeUInt32LE(crc32(bytes.subarray(array, array + length)), at + 88);
  }
  bytes.writeUInt32LE(0, at + 16);
  const size = Math.min(bytes.readUInt32LE(at + 12), 512);
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + size)), at + 16);
}

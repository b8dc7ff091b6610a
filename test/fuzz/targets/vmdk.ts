import { deflateSync } from 'node:zlib';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import type { VmdkType } from '../../../src/disk/vmdk/descriptor.ts';
import { openVmdk } from '../../../src/disk/vmdk/reader.ts';
import { writeVmdk } from '../../../src/disk/vmdk/writer.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { fails } from '../oracle.ts';
import { randomOf } from '../random.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

const grain = 65536;

export const vmdk: FuzzTarget = {
  name: 'vmdk',
  seeds: () => [fileOf('streamOptimized'), fileOf('monolithicSparse')],
  mutate: (input, random, other) =>
    mutateBytes(input, random, other, {
      ...{ fixed: !random.once(6), record: 4, endian: 'little' },
      tokens: ['KDMV', 'createType="streamOptimized"', 'parentCID=ffffffff', new Uint8Array(8)],
      // Most often the headers at both ends, the descriptor, or what stands before the last header.
      place: (one, length) => {
        if (one.once(8)) return one.below(length);
        if (one.once(2)) return one.below(one.once(2) ? 80 : 1100);
        return Math.max(0, length - 1 - one.below(6000));
      },
    }),
  run(input) {
    const disk = openVmdk(memoryDevice(input));
    const extents = disk.dataExtents();
    let end = 0;
    for (const { offset, length } of extents) {
      if (offset < end || length < 1 || offset + length > disk.size)
        fails(`an extent at ${offset}`);
      end = offset + length;
    }
    const places = [0, Math.max(0, disk.size - 600)];
    for (const offset of [...places, ...extents.slice(0, 4).map((one) => one.offset)]) {
      const length = Math.min(600, disk.size - offset);
      const bytes = disk.read(offset, length);
      if (bytes.length !== length) fails(`${bytes.length} bytes for ${length}`);
    }
    return takenAs(`${disk.type}, ${Math.min(extents.length, 4)} extents`);
  },
};

/** A disk of 34 MiB, which needs two grain tables, with a few bytes in three grains. */
function fileOf(type: VmdkType): Uint8Array {
  const disk = new Uint8Array(34 * 2 ** 20);
  for (const at of [1, 3, 530]) disk.set(randomOf(at).bytes(700), at * grain + 100);
  const file = new Uint8Array(2 ** 20);
  const extents = [{ offset: 0, length: disk.length }];
  const options = { type, fileName: 'x.vmdk', deflate: deflateSync };
  const length = writeVmdk(memoryDevice(disk), extents, memoryDevice(file), options);
  return file.slice(0, length);
}

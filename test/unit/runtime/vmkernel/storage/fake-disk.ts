import type { BlockDevice } from '../../../../../src/disk/block-device.ts';
import { type GptTable, writeGpt } from '../../../../../src/disk/gpt.ts';

const endBytes = 2 ** 20;

/** A disk of any size of which only both ends are kept: the first and the last MiB. */
export function fakeDisk(bytes: number) {
  const first = new Uint8Array(endBytes);
  const last = new Uint8Array(endBytes);
  let writes = 0;
  let most = Number.POSITIVE_INFINITY;
  const place = (offset: number, length: number): Uint8Array => {
    if (offset + length <= endBytes) return first.subarray(offset, offset + length);
    const at = offset - (bytes - endBytes);
    return last.subarray(at, at + length);
  };
  const disk = {
    read: (offset: number, length: number): Uint8Array => place(offset, length).slice(),
    write(offset: number, data: Uint8Array): void {
      if (writes >= most) throw new Error('the power is off');
      writes++;
      place(offset, data.length).set(data);
    },
    writes: (): number => writes,
    /** So many writes of all since it was made are done, and then none. */
    failAfter(count: number): void {
      most = count;
    },
    withTable(table: GptTable) {
      const device: BlockDevice = {
        size: bytes,
        read: (offset, length) => disk.read(offset, length),
        write: (offset, data) => void place(offset, data.length).set(data),
        flush: () => {},
      };
      writeGpt(device, table);
      return disk;
    },
    /** The superblock of ext4, as far as it is read, with a UUID that is the label's. */
    withExt4(label = '', { isDirty = false } = {}) {
      first.set([0x53, 0xef, isDirty ? 0 : 1, 0], 1024 + 0x38);
      first.set(Buffer.from(label.padEnd(16)), 1024 + 0x68);
      first.set(Buffer.from(label), 1024 + 0x78);
      return disk;
    },
  };
  return disk;
}

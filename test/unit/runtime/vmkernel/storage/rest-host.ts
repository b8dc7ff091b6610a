import { type BlockDevice, sliceDevice } from '../../../../../src/disk/block-device.ts';
import { moveBackup, readGpt } from '../../../../../src/disk/gpt.ts';
import { writeProtectiveMbr } from '../../../../../src/disk/mbr.ts';
import { overlayDevice } from '../../../../../src/disk/overlay-device.ts';
import type { HelperEnd } from '../../../../../src/runtime/system/run-helper.ts';
import type { DiskFacts } from '../../../../../src/runtime/vmkernel/storage/disk-facts.ts';
import type { Mount } from '../../../../../src/runtime/vmkernel/storage/mounts.ts';
import {
  openStorage,
  type StoragePort,
} from '../../../../../src/runtime/vmkernel/storage/storage.ts';
import { keptNames } from '../../../../support/device-namer.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { diskFacts } from './disk-facts.ts';

export const imageBytes = 19 * 2 ** 20;
const image = smallImage().bytes;

/** Bytes that a boot has put on its disk, in its order. */
export interface Written {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A disk of any size that begins with an image, copied byte by byte or (`isMoved`) as `flash` does it. */
export function bootDisk(bytes: number, { isMoved = true } = {}): BlockDevice {
  const disk = overlayDevice({
    size: bytes,
    read(offset, length) {
      const data = new Uint8Array(length);
      data.set(image.subarray(offset, offset + length));
      return data;
    },
    write: () => {},
    flush: () => {},
  });
  if (isMoved && bytes > imageBytes) {
    moveBackup(disk);
    writeProtectiveMbr(disk);
  }
  return disk;
}

/**
 * A boot of a host from `disk`, whose programs leave behind what the real ones do. `known`: partitions that the kernel has been told of and
 * the table has not.
 */
export function bootOf(
  disk: BlockDevice,
  change: Partial<StoragePort> = {},
  facts: Partial<DiskFacts> = {},
  known: readonly { number: number; firstLba: number; sectors: number }[] = [],
) {
  const lines: string[] = [];
  const asked: string[] = [];
  const written: Written[] = [];
  const mounts: Mount[] = [];
  const inKernel = new Map<string, BlockDevice>();
  const starts = new Map<string, number>();
  const partition = (number: number, firstLba: number, sectors: number): void => {
    inKernel.set(`/dev/vda${number}`, sliceDevice(disk, firstLba * 512, sectors * 512));
    starts.set(`/dev/vda${number}`, firstLba * 512);
  };
  for (const { number, firstLba, sectors } of known) partition(number, firstLba, sectors);
  for (const { number, firstLba, lastLba } of readGpt(disk).partitions) {
    partition(number, firstLba, lastLba - firstLba + 1);
  }
  const deviceOf = (path: string): BlockDevice => {
    const found = path === '/dev/vda' ? disk : inKernel.get(path);
    if (!found) throw new Error(`${path}: no such device`);
    return found;
  };
  const put = (offset: number, data: Uint8Array): void => {
    written.push({ offset, data: data.slice() });
    disk.write(offset, data);
  };
  /** The first MiB of a file system, as far as it is read. */
  const make = (path: string, text: string): void => {
    const device = deviceOf(path);
    const start = starts.get(path) ?? 0;
    const superblock = Buffer.alloc(1024);
    superblock.set([0x53, 0xef, 1, 0], 0x38);
    superblock.set(Buffer.from(text.padEnd(16)), 0x68);
    superblock.set(Buffer.from(text), 0x78);
    put(start + device.size - 4096, Buffer.alloc(512, 'x'));
    put(start + 1024, superblock);
  };
  const answers = new Map<string, Partial<HelperEnd>>();
  const run = async (program: string, args: readonly string[]): Promise<HelperEnd> => {
    if (!['chown', 'chmod'].includes(program)) asked.push([program, ...args].join(' '));
    const [, number = '', start = '', length = ''] = args;
    if (program === 'addpart') partition(Number(number), Number(start), Number(length));
    const answer = answers.get(program) ?? {};
    if (/^mk/.test(program) && !answer.code) {
      make(args.at(-1) ?? '', program === 'mke2fs' ? (args[args.indexOf('-L') + 1] ?? '') : 'fat');
    }
    return { code: 0, output: Buffer.from(''), error: '', ...answer };
  };
  const partitions = known.map(({ number }) => ({ number, device: `vda${number}` }));
  const storage = openStorage({
    io: {
      read: async (path, offset, length) => deviceOf(path).read(offset, length),
      write: async (path, offset, data) => {
        if (path !== '/dev/vda') throw new Error(`${path}: expected the disk to be written`);
        put(offset, data);
      },
    },
    run,
    volumes: {
      folder: '/vmfs/volumes',
      mounts: () => mounts,
      mount: async (_type, _options, device, path) =>
        void mounts.push({ device, path, isReadOnly: false }),
      detach: async () => {},
      room: async () => ({ capacity: 9000, free: 8000 }),
      link: () => {},
      unlink: () => {},
    },
    ...{ bootDisk: '/dev/vda', blankDisks: 'format', restUse: 'begin' },
    namer: keptNames().start(),
    nfs: { resolve: async () => '10.9.9.9', identify: () => {} },
    every: () => {},
    findDisks: () => [diskFacts({ device: 'vda', bytes: disk.size, partitions, ...facts })],
    readSwaps: () => '',
    line: (text) => void lines.push(text),
    onVolumes: () => {},
    newGuid: () => crypto.randomUUID(),
    hasProgram: () => true,
    ...change,
  });
  return {
    ...{ storage, lines, asked, written, mounts, answers },
    /** All that vmkd asks of it in a boot that is confirmed. */
    async confirmed() {
      await storage.rescan();
      await storage.claimRest();
      await storage.formatBlank();
      const { disks, datastores } = await storage.list();
      const [{ state = '', why = '' } = {}] = disks;
      return [state, why, ...datastores.map(({ name, accessible }) => `${name} ${accessible}`)];
    },
  };
}

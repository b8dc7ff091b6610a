import type { BlockDevice } from '../../src/disk/block-device.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';

/** One thing that a machine did to its disk. */
export type LogEntry =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'flush' };

const magic = 0x6a736677736872n;
const flags = { flush: 1, discard: 4, mark: 8 };

/**
 * The entries of a log in the form of Linux' dm-log-writes (drivers/md/dm-log-writes.c), as QEMU's
 * blklogwrites makes it: a super block (u64 magic, version, entries; u32 bytes of a sector), then for each
 * entry a sector (u64 sector, sectors, flags, data length) and what was written.
 */
export function* readWriteLog(path: string): Generator<LogEntry> {
  const log = openFileDevice(path);
  try {
    const head = Buffer.from(log.read(0, 512));
    if (head.readBigUInt64LE(0) !== magic) throw new Error(`${path}: expected a log of writes`);
    const entries = Number(head.readBigUInt64LE(16));
    const sector = head.readUInt32LE(24);
    let at = sector;
    for (let index = 0; index < entries; index++) {
      const entry = Buffer.from(log.read(at, 32));
      const [offset, length] = [entry.readBigUInt64LE(0), entry.readBigUInt64LE(8)];
      const flag = Number(entry.readBigUInt64LE(16));
      at += sector;
      const bytes = Number(length) * sector;
      // A write with "flush" is preceded by one; a discard has no data.
      if (flag & flags.flush) yield { type: 'flush' };
      if (bytes > 0 && !(flag & (flags.discard | flags.mark))) {
        yield { type: 'write', offset: Number(offset) * sector, bytes: log.read(at, bytes) };
        at += bytes;
      }
    }
  } finally {
    log.close();
  }
}

/** Does to a disk what a log says, one entry after another. */
export function replay(disk: BlockDevice, entry: LogEntry): void {
  if (entry.type === 'write') disk.write(entry.offset, entry.bytes);
}

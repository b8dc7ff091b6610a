import * as fs from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import { assertInRange, type BlockDevice } from './block-device.ts';
import { blockDeviceSize, logicalSectorSize } from './device-size.ts';

export interface FileDevice extends BlockDevice {
  readonly path: string;
  /** Closes the file without flushing it; a second call does nothing. */
  close(): void;
}

interface OpenFileOptions {
  /** Default: for reading only. */
  writable?: boolean;
  /** Makes the file, or empties the one that is there, and gives it `size` bytes, all of them a hole. */
  create?: boolean;
  /** Bytes of a file that is created; of one that is there, its size is taken. */
  size?: number;
  /**
   * Claims a block device: `file.busy` while it, or a part of it, is mounted or belongs to another device
   * (open(2), O_EXCL). Nobody can mount it until it is closed.
   */
  exclusive?: boolean;
}

/** At most this much in one system call, which takes less than 2 GiB. */
const chunkBytes = 2 ** 30;

/**
 * Opens a plain file or a block device as a BlockDevice with 512-byte sectors; `flush` is fsync. Throws
 * kind `io` with one sentence for what the system refuses (`file.not-found`, `file.no-permission`,
 * `file.no-space` ...), `file.not-a-disk` for a directory, pipe or terminal, and `device.sector-size` (kind
 * `refused`) for a device whose logical sectors are not 512 bytes.
 */
export function openFileDevice(path: string, options: OpenFileOptions = {}): FileDevice {
  const writable = options.writable === true || options.create === true;
  const fd = attempt(path, 'open', () => open(path, writable, options));
  let size = 0;
  try {
    const stat = attempt(path, 'open', () => fs.fstatSync(fd));
    if (stat.isBlockDevice()) {
      refuseOtherSectors(path, logicalSectorSize(stat.rdev));
      size = attempt(path, 'read', () => blockDeviceSize(fd, stat.rdev));
    } else if (options.create) {
      size = options.size ?? 0;
      attempt(path, 'resize', () => fs.ftruncateSync(fd, size));
    } else {
      size = stat.size;
    }
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  let closed = false;
  return {
    path,
    size,
    read(offset, length, scratch) {
      assertInRange(size, offset, length);
      const fits = scratch !== undefined && scratch.length >= length;
      const bytes = fits ? scratch.subarray(0, length) : new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const want = Math.min(chunkBytes, length - done);
        const got = attempt(path, 'read', () => fs.readSync(fd, bytes, done, want, offset + done));
        if (got === 0) throw truncated(path, size, offset + done);
        done += got;
      }
      return bytes;
    },
    write(offset, bytes) {
      assertInRange(size, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const want = Math.min(chunkBytes, bytes.length - done);
        done += attempt(path, 'write', () => fs.writeSync(fd, bytes, done, want, offset + done));
      }
    },
    async readAsync(offset, length, scratch) {
      assertInRange(size, offset, length);
      for (let done = 0; done < length; ) {
        const want = Math.min(chunkBytes, length - done);
        const got = await readAt(path, fd, scratch.subarray(done, done + want), offset + done);
        if (got === 0) throw truncated(path, size, offset + done);
        done += got;
      }
      return scratch.subarray(0, length);
    },
    async writeAsync(offset, bytes) {
      assertInRange(size, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const part = bytes.subarray(done, done + chunkBytes);
        done += await writeAt(path, fd, part, offset + done);
      }
    },
    flush() {
      if (writable) attempt(path, 'flush', () => fs.fsyncSync(fd));
    },
    close() {
      if (closed) return;
      closed = true;
      attempt(path, 'close', () => fs.closeSync(fd));
    },
  };
}

function open(path: string, writable: boolean, options: OpenFileOptions): number {
  const { create = false, exclusive = false } = options;
  // Looked at before it is opened: opening a pipe would wait for its other end for ever.
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile() && !stat.isBlockDevice()) {
    const what = stat.isDirectory() ? 'a directory' : 'a pipe, socket or terminal';
    throw new TwinbankError(
      'io',
      'file.not-a-disk',
      `${path}: expected a file or block device, found ${what}`,
      { data: { path } },
    );
  }
  const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_EXCL } = fs.constants;
  const access = writable ? O_RDWR : O_RDONLY;
  if (stat?.isBlockDevice()) return fs.openSync(path, access | (exclusive ? O_EXCL : 0));
  return fs.openSync(path, access | (create ? O_CREAT | O_TRUNC : 0), 0o666);
}

function refuseOtherSectors(path: string, sectorSize: number | undefined): void {
  if (sectorSize === undefined || sectorSize === 512) return;
  throw new TwinbankError(
    'refused',
    'device.sector-size',
    `${path}: expected a device with logical sectors of 512 bytes, found ${sectorSize}`,
    { data: { path, sectorSize } },
  );
}

function truncated(path: string, size: number, at: number): TwinbankError {
  return new TwinbankError(
    'io',
    'file.truncated',
    `${path}: expected ${size} bytes, found the end at ${at}: the file became shorter while it was read`,
    { data: { path, size, at } },
  );
}

const reasons: Record<string, readonly [code: string, reason: string]> = {
  ENOENT: ['file.not-found', 'there is no such file'],
  EBUSY: ['file.busy', 'it is in use'],
  ENXIO: ['file.gone', 'the device is not there any more'],
  ENODEV: ['file.gone', 'the device is not there any more'],
  EIO: ['file.io', 'the device reports an input/output error'],
};

/** Runs a file-system call; what the system refuses becomes a TwinbankError of kind `io`. */
export function attempt<T>(path: string, action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw failedAt(path, action, error);
  }
}

/** pread(2) in a thread of Node's; how many bytes there were. Throws kind `io`. */
export function readAt(path: string, fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, 0, bytes.length, at, (error, got) => {
      if (error) reject(failedAt(path, 'read', error));
      else resolve(got);
    });
  });
}

/** pwrite(2) in a thread of Node's; how many bytes it took. Throws kind `io`. */
export function writeAt(path: string, fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, 0, bytes.length, at, (error, put) => {
      if (error) reject(failedAt(path, 'write', error));
      else resolve(put);
    });
  });
}

function failedAt(path: string, action: string, error: unknown): TwinbankError {
  if (error instanceof TwinbankError) return error;
  const refused = refusedAt(path, action, error);
  if (refused) return refused;
  const { code: errno, message } = error as NodeJS.ErrnoException;
  const [code, reason] = reasons[errno ?? ''] ?? ['file.io', message];
  const text = `${path}: could not ${action} it: ${reason}`;
  return new TwinbankError('io', code, text, { data: { path, action, errno }, cause: error });
}

import * as fs from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { assertInRange } from './block-device.ts';
import { attempt, type FileDevice, readAt, writeAt } from './file-device.ts';

/** As much of the WebAssembly interface (level 1, "Memories") as is used; Node has it, its types do not. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
};

const wasmPage = 65536;
const buffers = new WeakSet<ArrayBufferLike>();

/**
 * Zeros that begin at a page of memory. O_DIRECT wants that, and the memory of a WebAssembly program is the one thing
 * in Node that does.
 */
export function alignedBytes(length: number): Uint8Array {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(length / wasmPage) });
  buffers.add(buffer);
  return new Uint8Array(buffer, 0, length);
}

/**
 * The same file or block device with nothing between us and the medium: no page cache takes what is written, or
 * answers what is read (open(2), O_DIRECT). Undefined where its file system does not know that. Offsets and
 * lengths are whole sectors, or `device.unaligned` (kind `internal`); bytes that are not from {@link alignedBytes}
 * are copied once more.
 */
export function openDirect(
  device: FileDevice,
  options: { writable?: boolean } = {},
): FileDevice | undefined {
  const { path, size } = device;
  const fd = openUncached(path, options.writable === true);
  if (fd === undefined) return undefined;
  const bounce = alignedBytes(2 ** 20);

  /** Chunk by chunk, each in aligned memory: `act` moves it and says how many bytes it moved. */
  const each = (
    offset: number,
    bytes: Uint8Array,
    act: (chunk: Uint8Array, at: number, done: number) => number,
  ): void => {
    assertInRange(size, offset, bytes.length);
    assertWhole(path, offset, bytes.length);
    const aligned = isAligned(bytes);
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      const chunk = aligned
        ? bytes.subarray(done)
        : bounce.subarray(0, Math.min(left, bounce.length));
      done += act(chunk, offset + done, done);
    }
  };

  let closed = false;
  return {
    path,
    size,
    read(offset, length, scratch) {
      const fits = scratch !== undefined && scratch.length >= length;
      const bytes = fits ? scratch.subarray(0, length) : new Uint8Array(length);
      each(offset, bytes, (chunk, at, done) => {
        const got = attempt(path, 'read', () => fs.readSync(fd, chunk, 0, chunk.length, at));
        if (got === 0) throw ended(path, size, at);
        if (chunk.buffer !== bytes.buffer) bytes.set(chunk.subarray(0, got), done);
        return got;
      });
      return bytes;
    },
    write(offset, bytes) {
      each(offset, bytes, (chunk, at, done) => {
        if (chunk.buffer !== bytes.buffer) chunk.set(bytes.subarray(done, done + chunk.length));
        return attempt(path, 'write', () => writeSyncAt(path, fd, chunk, at));
      });
    },
    async readAsync(offset, length, scratch) {
      const bytes = scratch.subarray(0, length);
      // What has to be copied takes longer than it is waited for.
      if (!isAligned(bytes)) return this.read(offset, length, scratch);
      assertInRange(size, offset, length);
      assertWhole(path, offset, length);
      for (let done = 0; done < length; ) {
        const got = await readAt(path, fd, bytes.subarray(done), offset + done);
        if (got === 0) throw ended(path, size, offset + done);
        done += got;
      }
      return bytes;
    },
    async writeAsync(offset, bytes) {
      if (!isAligned(bytes)) return this.write(offset, bytes);
      assertInRange(size, offset, bytes.length);
      assertWhole(path, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const at = offset + done;
        done += await writeAt(path, fd, bytes.subarray(done), at).catch((error: unknown) => {
          throw goneAt(path, at, error);
        });
      }
    },
    flush() {
      attempt(path, 'flush', () => fs.fsyncSync(fd));
    },
    close() {
      if (closed) return;
      closed = true;
      attempt(path, 'close', () => fs.closeSync(fd));
    },
  };
}

function openUncached(path: string, writable: boolean): number | undefined {
  const { O_RDONLY, O_RDWR, O_DIRECT } = fs.constants;
  try {
    return fs.openSync(path, (writable ? O_RDWR : O_RDONLY) | O_DIRECT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
    return attempt(path, 'open', () => {
      throw error;
    });
  }
}

function writeSyncAt(path: string, fd: number, chunk: Uint8Array, at: number): number {
  try {
    return fs.writeSync(fd, chunk, 0, chunk.length, at);
  } catch (error) {
    throw goneAt(path, at, error);
  }
}

/** Of a device that was pulled out the kernel says that it has no space: its size is 0 then. */
function goneAt(path: string, at: number, error: unknown): unknown {
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  if (code !== 'ENOSPC' && cause?.code !== 'ENOSPC') return error;
  const message = `${path}: could not write it: the device is not there any more, or ends before byte ${at}`;
  return new TwinbankError('io', 'file.gone', message, { data: { path, at }, cause: error });
}

function isAligned(bytes: Uint8Array): boolean {
  return buffers.has(bytes.buffer) && bytes.byteOffset % 4096 === 0;
}

function assertWhole(path: string, offset: number, length: number): void {
  if (offset % 512 === 0 && length % 512 === 0) return;
  const message = `${path}: expected whole sectors of 512 bytes, found ${length} bytes at ${offset}`;
  throw new TwinbankError('internal', 'device.unaligned', message);
}

function ended(path: string, size: number, at: number): TwinbankError {
  const message = `${path}: expected ${size} bytes, found the end at ${at}`;
  return new TwinbankError('io', 'file.truncated', message, { data: { path, size, at } });
}

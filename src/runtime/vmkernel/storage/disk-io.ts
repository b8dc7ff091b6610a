import type { HelperEnd, RunHelper } from '../../system/run-helper.ts';
import { type DiskEnds, endBytes } from './disk-ends.ts';

/** Reads and writes of disks that may not answer: each in a process of its own (dd), so that vmkd does not hang with it. */
export interface DiskIo {
  /** Offset and length are multiples of 512. Throws an Error, one sentence. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** The same; comes back when the bytes are on the medium. */
  write(path: string, offset: number, bytes: Uint8Array): Promise<void>;
}

/** A disk that was asleep may take twenty seconds to spin up. */
const touchTimeoutMs = 30_000;

export function diskIo(run: RunHelper): DiskIo {
  return {
    async read(path, offset, length) {
      const block = offset % 4096 === 0 && length % 4096 === 0 ? 4096 : 512;
      const place = [`bs=${block}`, `skip=${offset / block}`, `count=${length / block}`];
      const end = await run('dd', [`if=${path}`, ...place], { timeoutMs: touchTimeoutMs });
      if (end.code === 0 && end.output.length === length) return end.output;
      throw failed('read', path, offset, length, end);
    },
    async write(path, offset, bytes) {
      const place = ['bs=512', `seek=${offset / 512}`, 'conv=notrunc,fsync'];
      const options = { timeoutMs: touchTimeoutMs, input: bytes };
      const end = await run('dd', [`of=${path}`, ...place], options);
      if (end.code !== 0) throw failed('write', path, offset, bytes.length, end);
    },
  };
}

/** Both ends of a disk of so many bytes. Throws as {@link DiskIo.read}. */
export async function readEnds(io: DiskIo, path: string, bytes: number): Promise<DiskEnds> {
  const first = await io.read(path, 0, endBytes);
  const last = await io.read(path, bytes - endBytes, endBytes);
  return { bytes, first, last };
}

function failed(what: string, path: string, offset: number, length: number, end: HelperEnd): Error {
  const why = end.error || `${end.output.length} bytes`;
  return new Error(`${path}: expected to ${what} ${length} bytes at ${offset}, found ${why}`);
}

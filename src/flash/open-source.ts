import {
  closeSync,
  createReadStream,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { TwinbankError } from '../diagnostics/error.ts';
import type { Report } from '../diagnostics/progress.ts';
import { type Extent, normalizeExtents } from '../disk/extents.ts';
import { attempt } from '../disk/file-device.ts';
import { type OpenImage, openImage } from '../disk/open-image.ts';
import { nonZeroExtents } from '../disk/sparse.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { unpack } from '../host/unpack.ts';
import { packingBy, packingHeadBytes } from './packing.ts';

/** An image as it is flashed, whatever it came in. */
export interface FlashSource extends OpenImage {
  /** What people call it. */
  readonly name: string;
  /** It was unpacked, or came through a pipe: what lies in its file says nothing of the disk. */
  readonly spooled: boolean;
}

export interface SourceRequest {
  /** Path of an image: raw, qcow2 or VMDK, each of them also packed by what `packing.ts` lists. */
  readonly image: string;
  /** Where it comes from instead; `image` is what people call it then. */
  readonly input?: Readable | undefined;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the image to flash. What is packed or comes through a pipe is unpacked once, into a sparse file without a
 * name in the folder for temporary files: it is verified before the first byte of it goes anywhere. Throws what
 * `openImage` throws, `flash.unpack` and `flash.packing` (kind `corrupt`), and kind `io` where there is no room.
 */
export async function openSource(request: SourceRequest): Promise<FlashSource> {
  const { image, input } = request;
  if (input) return spool(image, input, request);
  if (!isPacked(image)) return { ...openImage(image), name: image, spooled: false };
  return spool(image, createReadStream(image, { highWaterMark: 2 ** 18 }), request);
}

function isPacked(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const head = new Uint8Array(packingHeadBytes);
  const fd = openSync(path, 'r');
  try {
    return packingBy(head.subarray(0, readSync(fd, head))) !== undefined;
  } finally {
    closeSync(fd);
  }
}

async function spool(
  name: string,
  stream: Readable,
  { report, signal }: SourceRequest,
): Promise<FlashSource> {
  const folder = temporaryFolder('flash');
  const path = join(folder.path, 'image');
  try {
    const extents = await fill(path, name, stream, { report, signal });
    const image = openImage(path);
    const stored = image.dataExtents ?? (() => extents);
    return { ...image, dataExtents: () => stored(), name, spooled: true };
  } catch (error) {
    throw renamed(error, path, name);
  } finally {
    stream.destroy();
    // What is open stays there as long as it is open, and no longer, however this process ends.
    await folder.remove();
  }
}

/** Writes the unpacked bytes to a sparse file, and returns where they are not zero. */
async function fill(
  path: string,
  name: string,
  stream: Readable,
  { report, signal }: Pick<SourceRequest, 'report' | 'signal'>,
): Promise<Extent[]> {
  const extents: Extent[] = [];
  let size = 0;
  const fd = attempt(path, 'open', () => openSync(path, 'wx'));
  try {
    for await (const bytes of unpacked(name, stream, signal)) {
      signal?.throwIfAborted();
      for (const { offset, length } of nonZero(bytes)) {
        attempt(path, 'write', () =>
          writeAll(fd, bytes.subarray(offset, offset + length), size + offset),
        );
        extents.push({ offset: size + offset, length });
      }
      size += bytes.length;
      report({ type: 'progress', task: 'unpack', done: size, unit: 'bytes' });
    }
    attempt(path, 'resize', () => ftruncateSync(fd, size));
  } finally {
    closeSync(fd);
  }
  report({ type: 'done', task: 'unpack' });
  return normalizeExtents(extents);
}

async function* unpacked(
  name: string,
  stream: Readable,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { packing, whole } = await peek(stream);
  if (!packing) return yield* whole;
  if (!packing.by) throw notTaken(name, packing.name);
  try {
    yield* unpack(whole, packing.by, { signal, format: packing.name });
  } catch (error) {
    if (error instanceof TwinbankError || signal?.aborted) throw error;
    // The medium of the packed file, not what is in it.
    if (error instanceof Error && 'syscall' in error) throw error;
    const { message: found } = error as Error;
    const message = `${name}: expected it to unpack, found: ${found}`;
    throw new TwinbankError('corrupt', 'flash.unpack', message, { cause: error });
  }
}

function notTaken(name: string, packing: string): TwinbankError {
  const message = `${name}: expected an image, or one packed by gzip, xz, zstd or lz4, found one packed by ${packing}; unpack it first`;
  return new TwinbankError('corrupt', 'flash.packing', message, { data: { packing } });
}

/** Looks at the first bytes of a stream; `whole` has them still. */
async function peek(
  stream: Readable,
): Promise<{ packing: ReturnType<typeof packingBy>; whole: Readable }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < packingHeadBytes) {
    const next = await chunks.next();
    if (next.done) break;
    first.push(next.value);
    bytes += next.value.length;
  }
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield* first;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  return { packing: packingBy(Buffer.concat(first)), whole: Readable.from(whole()) };
}

/** Without a copy of what is looked at. */
function nonZero(bytes: Uint8Array): Extent[] {
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return nonZeroExtents({ size: bytes.length, read, write() {}, flush() {} });
}

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  }
}

/** The person does not know our temporary file. */
function renamed(error: unknown, path: string, name: string): unknown {
  if (!(error instanceof TwinbankError) || !error.message.startsWith(`${path}: `)) return error;
  const { kind, code, data, message } = error;
  const unpacking = kind === 'io' ? `${name}: unpacking to ${dirname(dirname(path))}` : name;
  return new TwinbankError(kind, code, unpacking + message.slice(path.length), {
    data,
    cause: error,
  });
}

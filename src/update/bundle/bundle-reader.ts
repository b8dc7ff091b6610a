import { inFile } from '../../diagnostics/in-file.ts';
import type { ByteSource } from '../source/byte-source.ts';
import {
  assertPadding,
  assertZero,
  contentReader,
  corrupt,
  paddingOf,
  type ReadContent,
  truncated,
} from './bundle-content.ts';
import type { BundleIndexEntry } from './bundle-entries.ts';
import {
  type BundleIndex,
  decodeBundleIndex,
  indexPath,
  maxIndexBytes,
  maxSignatureBytes,
  signaturePath,
} from './bundle-index.ts';
import { type ChunkReader, chunkBytes, chunkReader } from './chunk-reader.ts';
import { assertHeader, decodeHeader, headerBytes } from './ustar.ts';

/** One file of a bundle. What it does not read of it, `next` of the reader does. */
export interface BundleEntry {
  readonly path: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Checked before its last bytes are given out. */
  readonly sha256: string;
  /** Next bytes, at most `max`, at least one; undefined at the end. The bytes are the caller's. */
  readonly read: ReadContent;
  /** The same, in chunks of up to a mebibyte, each of them good until the next. */
  chunks(): AsyncIterable<Uint8Array>;
  /** All of it that is left, at most a mebibyte: a manifest or signature. A RangeError for anything larger. */
  bytes(): Promise<Uint8Array>;
}

/** A bundle of which index and signature were read, and nothing after them. */
export interface BundleReader {
  /** What was signed: to be checked before anything else is believed. */
  readonly indexBytes: Uint8Array;
  readonly signatureBytes: Uint8Array;
  readonly index: BundleIndex;
  /**
   * The next entry in the index's order; after the last one the end is checked, and there is none. Throws kind
   * `corrupt`: `bundle.header`, `bundle.truncated`, `bundle.hash`, `bundle.padding`, `bundle.end`.
   */
  next(): Promise<BundleEntry | undefined>;
}

const maxDocumentBytes = 2 ** 20;
/** Two blocks of zeros end a tar; a bundle has nothing behind them. */
const endBytes = 1024;

/**
 * Reads the beginning of a bundle (docs/updates.md, Bundle), in one pass and with at most a mebibyte of it in
 * memory. Throws kind `corrupt`, beginning with the source's name and the entry's path: `bundle.header`,
 * `bundle.size`, `bundle.truncated`, `bundle.padding`, and as `decodeBundleIndex` does. What has failed once
 * fails again whenever it is asked.
 */
export async function openBundle(source: ByteSource): Promise<BundleReader> {
  const { name } = source;
  const input = chunkReader(source);
  const indexBytes = await readDocument(input, name, indexPath, maxIndexBytes);
  const signatureBytes = await readDocument(input, name, signaturePath, maxSignatureBytes);
  const index = decodeBundleIndex(indexBytes, `${name}: ${indexPath}`);
  assertSize(source, input.position, index.entries);

  const listed = index.entries.values();
  // One for all chunks of all entries: a bundle of any size makes no garbage. What is given out was read into it.
  const scratch = Buffer.allocUnsafeSlow(chunkBytes);
  const stopAtFirst = failStop();
  let current: ReadContent | undefined;
  let ended = false;

  async function next(): Promise<BundleEntry | undefined> {
    while (current && (await current(chunkBytes, scratch)));
    const { value: entry } = listed.next();
    if (entry) {
      const what = `${name}: ${entry.path}`;
      await readHeader(input, what, (header) => assertHeader(header, entry));
      const read = contentReader(input, what, entry);
      current = read;
      return bundleEntry(entry, (max, into) => stopAtFirst(() => read(max, into)), scratch);
    }
    if (!ended) await assertEnd(input, name);
    ended = true;
    return undefined;
  }
  return { indexBytes, signatureBytes, index, next: () => stopAtFirst(next) };
}

/** Runs one work after another until the first fails, and then fails like it: a tar has no way back in. */
function failStop(): <T>(work: () => Promise<T>) => Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  return async (work) => {
    if (failure) throw failure.error;
    try {
      return await work();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
}

function bundleEntry(
  { path, bytes, sha256 }: BundleIndexEntry,
  read: ReadContent,
  scratch: Uint8Array,
): BundleEntry {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const next = () => read(chunkBytes, scratch);
    for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
  }
  return {
    path,
    size: bytes,
    sha256,
    read,
    chunks,
    async bytes() {
      if (bytes > maxDocumentBytes) throw new RangeError(`${path} is no document: ${bytes} bytes`);
      const parts: Uint8Array[] = [];
      for (let chunk = await read(chunkBytes); chunk; chunk = await read(chunkBytes)) {
        parts.push(chunk);
      }
      return Buffer.concat(parts);
    },
  };
}

async function readHeader<T>(
  input: ChunkReader,
  what: string,
  decode: (header: Uint8Array) => T,
): Promise<T> {
  const header = await input.exactly(headerBytes);
  if (header.length < headerBytes) throw truncated(`${what}: header`, headerBytes, header.length);
  try {
    return decode(header);
  } catch (error) {
    throw inFile(what, error);
  }
}

/** One of the two files that no index lists; its size is judged before it is read. */
async function readDocument(
  input: ChunkReader,
  name: string,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const what = `${name}: ${path}`;
  const found = await readHeader(input, what, decodeHeader);
  if (found.path !== path) throw corrupt('bundle.header', what, path, found.path);
  const { bytes } = found;
  if (bytes > maxBytes) throw corrupt('bundle.size', what, `at most ${maxBytes} bytes`, `${bytes}`);
  const content = await input.exactly(bytes);
  if (content.length < bytes) throw truncated(what, bytes, content.length);
  await assertPadding(input, what, bytes);
  return content;
}

/** A file that was cut short is refused before anything is made of it, where its size is known. */
function assertSize(source: ByteSource, begun: number, entries: readonly BundleIndexEntry[]): void {
  const contents = entries.reduce(
    (sum, { bytes }) => sum + headerBytes + bytes + paddingOf(bytes),
    0,
  );
  const expected = begun + contents + endBytes;
  if (source.size === undefined || source.size === expected) return;
  const code = source.size < expected ? 'bundle.truncated' : 'bundle.end';
  throw corrupt(code, source.name, `${expected} bytes in all`, `${source.size}`);
}

async function assertEnd(input: ChunkReader, name: string): Promise<void> {
  const what = `${name}: end`;
  const zeros = await input.exactly(endBytes);
  assertZero(zeros, 'bundle.end', what, `${endBytes} zero bytes`);
  if (zeros.length < endBytes) throw truncated(what, endBytes, zeros.length);
  if (await input.some(1)) {
    throw corrupt('bundle.end', what, `nothing after ${input.position - 1} bytes`, 'more');
  }
}

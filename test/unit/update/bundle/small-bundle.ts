import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { type BundleIndex, encodeBundleIndex } from '../../../../src/update/bundle/bundle-index.ts';
import { type BundleEntry, openBundle } from '../../../../src/update/bundle/bundle-reader.ts';
import { type BundleFile, writeBundle } from '../../../../src/update/bundle/bundle-writer.ts';
import { type ByteSource, streamSource } from '../../../../src/update/source/byte-source.ts';
import { randomBytes } from './random-bytes.ts';

/** A part of a bundle by the path of its file. */
export function partOf({ parts }: Bundle, path: string, kind: Part['part']): Part {
  const found = parts.find((one) => one.path === path && one.part === kind);
  if (!found) throw new Error(`no ${kind} of ${path}`);
  return found;
}

/** A copy of a bundle with one bit flipped. */
export function flipped({ bytes }: Bundle, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

export interface Bundle {
  readonly index: BundleIndex;
  readonly indexBytes: Uint8Array;
  readonly signatureBytes: Uint8Array;
  readonly entries: readonly (BundleFile & { content: Uint8Array })[];
  readonly bytes: Buffer;
  /** Where each file is in the bytes, and in order what is between their contents. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly path: string;
  readonly part: 'header' | 'content' | 'padding' | 'end';
  readonly offset: number;
  readonly length: number;
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Sizes around a block's, and a content of several chunks if that is asked for. */
export const smallSizes: Record<string, number> = {
  'base.json': 700,
  'base.sig': 512,
  'acme.json': 511,
  'acme.sig': 1,
  'modules/engine.v00': 3000,
  'modules/empty.v00': 0,
  'packages/tool_1.0~rc1': 513,
};

/** A bundle of random contents; the bytes that stand for a signature are random as well. */
export async function makeBundle(sizes = smallSizes): Promise<Bundle> {
  const entries = Object.entries(sizes).map(([path, bytes]) => ({
    path,
    bytes,
    content: randomBytes(bytes),
  }));
  const index: BundleIndex = {
    product: 'twinbank',
    version: '0.2.0',
    build: '0.2.0-17',
    from: { build: '0.1.0-3', manifest: 'ab'.repeat(32) },
    entries: entries.map(({ path, bytes, content }) => ({ path, bytes, sha256: sha256(content) })),
  };
  return packBundle(index, entries);
}

async function packBundle(
  index: BundleIndex,
  entries: readonly (BundleFile & { content: Uint8Array })[],
): Promise<Bundle> {
  const indexBytes = encodeBundleIndex(index);
  const signatureBytes = randomBytes(200);
  const written: Buffer[] = [];
  await writeBundle((bytes) => void written.push(Buffer.from(bytes)), {
    indexBytes,
    signatureBytes,
    entries,
  });
  const bytes = Buffer.concat(written);
  const files = [
    { path: 'bundle.json', bytes: indexBytes.length },
    { path: 'bundle.sig', bytes: signatureBytes.length },
    ...entries,
  ];
  return { index, indexBytes, signatureBytes, entries, bytes, parts: partsOf(files) };
}

export function partsOf(files: readonly { path: string; bytes: number }[]): Part[] {
  let offset = 0;
  const part = (path: string, kind: Part['part'], length: number): Part => {
    offset += length;
    return { path, part: kind, offset: offset - length, length };
  };
  const parts = files.flatMap(({ path, bytes }) => [
    part(path, 'header', 512),
    part(path, 'content', bytes),
    part(path, 'padding', -bytes & 511),
  ]);
  return [...parts, part('end', 'end', 1024)];
}

/** What a part is called in the message that refuses it. */
export function nameOf({ path }: Part): string {
  return `x.tbu: ${path}: `;
}

/**
 * Reads a whole bundle as `apply` does: index and signature must be `trusted`, which stands for a signature
 * that is right, before anything else is read.
 */
export async function readAll(
  source: ByteSource,
  trusted?: { indexBytes: Uint8Array; signatureBytes: Uint8Array },
): Promise<Record<string, Uint8Array>> {
  const reader = await openBundle(source);
  for (const part of ['indexBytes', 'signatureBytes'] as const) {
    if (trusted && Buffer.compare(reader[part], trusted[part]) !== 0) throw new Untrusted(part);
  }
  const files: Record<string, Uint8Array> = {};
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    files[entry.path] = await contentOf(entry);
  }
  return files;
}

/** Index or signature are not what was signed. */
export class Untrusted extends Error {}

async function contentOf(entry: BundleEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // A chunk is good until the next one.
  for await (const chunk of entry.chunks()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** Of unknown size, so that what is wrong is found where it is. */
export function piped(bytes: Uint8Array, chunkBytes = 2 ** 20): ByteSource {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
  }
  return streamSource('x.tbu', chunks());
}

/** The refusal, of kind corrupt, that some work ends with; any other end fails the test. */
export async function refusal(work: Promise<unknown>): Promise<TwinbankError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TwinbankError)) throw error ?? new Error('expected a refusal');
  expect(error.kind).toBe('corrupt');
  return error;
}

import { createHash } from 'node:crypto';
import { corrupt, paddingOf } from './bundle-content.ts';
import type { BundleIndexEntry } from './bundle-entries.ts';
import { decodeBundleIndex, indexPath, maxSignatureBytes, signaturePath } from './bundle-index.ts';
import { encodeHeader, headerBytes } from './ustar.ts';

/** Two blocks of zeros end a tar (POSIX.1-1988 section 10.1.1). */
const endBytes = 1024;

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A file to be put into a bundle. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: number;
  /** Its bytes, or what gives them chunk by chunk when it is their turn. */
  readonly content: Uint8Array | (() => Chunks);
}

export interface BundleParts {
  /** What `encodeBundleIndex` made, and its signatures. */
  readonly indexBytes: Uint8Array;
  readonly signatureBytes: Uint8Array;
  /** What the index lists, in its order. */
  readonly entries: readonly BundleFile[];
}

/** How long a bundle of these parts is. */
export function bundleBytes({ indexBytes, signatureBytes, entries }: BundleParts): number {
  const sizes = [indexBytes.length, signatureBytes.length, ...entries.map(({ bytes }) => bytes)];
  return sizes.reduce((sum, bytes) => sum + headerBytes + bytes + paddingOf(bytes), endBytes);
}

/** Takes bytes in order, before it returns; what it was given may be used again afterwards. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void> | void;

/**
 * Writes a bundle (docs/updates.md, Bundle): the same parts make the same bytes. Returns how many. Throws kind
 * `corrupt`: as `decodeBundleIndex` does, `bundle.size`, and `bundle.content` where a file is not what the index
 * says; what was written until then is no bundle.
 */
export async function writeBundle(write: WriteBytes, parts: BundleParts): Promise<number> {
  const { indexBytes, signatureBytes, entries } = parts;
  const listed = decodeBundleIndex(indexBytes, indexPath).entries;
  if (signatureBytes.length > maxSignatureBytes) {
    const expected = `at most ${maxSignatureBytes} bytes`;
    throw corrupt('bundle.size', signaturePath, expected, `${signatureBytes.length}`);
  }
  assertListed(listed, entries);

  let position = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    await write(bytes);
    position += bytes.length;
  };
  await putFile(put, { path: indexPath, bytes: indexBytes.length, content: indexBytes });
  await putFile(put, {
    path: signaturePath,
    bytes: signatureBytes.length,
    content: signatureBytes,
  });
  for (const [index, file] of entries.entries()) await putFile(put, file, listed[index]?.sha256);
  await put(new Uint8Array(endBytes));
  return position;
}

async function putFile(put: WriteBytes, file: BundleFile, sha256?: string): Promise<void> {
  const { path, bytes, content } = file;
  await put(encodeHeader({ path, bytes }));
  const hash = createHash('sha256');
  let found = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content()) {
    found += chunk.length;
    if (found > bytes) break;
    hash.update(chunk);
    await put(chunk);
  }
  const changed = (expected: string, actual: string) =>
    corrupt('bundle.content', path, `the content that the index lists, ${expected}`, actual);
  if (found !== bytes) {
    throw changed(`${bytes} bytes`, found > bytes ? `more` : `${found}`);
  }
  const digest = hash.digest('hex');
  if (sha256 !== undefined && digest !== sha256) throw changed(`SHA-256 ${sha256}`, digest);
  await put(new Uint8Array(paddingOf(bytes)));
}

function assertListed(listed: readonly BundleIndexEntry[], files: readonly BundleFile[]): void {
  const describe = (file?: { path: string; bytes: number }): string =>
    file ? `${file.path} with ${file.bytes} bytes` : 'no more';
  for (let index = 0; index < Math.max(listed.length, files.length); index++) {
    const [expected, found] = [describe(listed[index]), describe(files[index])];
    if (expected !== found) throw corrupt('bundle.content', `entry ${index}`, expected, found);
  }
}

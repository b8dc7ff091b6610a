import { createHash } from 'node:crypto';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';
import { alignExtents, type Extent } from './extents.ts';

const blockSize = 4096;
// More than the processor's caches hold costs more than it saves in system calls.
const chunkBytes = 256 * 2 ** 10;
const emptyChecksum = '0'.repeat(64);
/** More than any bmap of an image that we could make. */
const maxTextLength = 64 * 2 ** 20;

/** What a bmap file tells of an image: which blocks hold data, and what they must be. */
export interface Bmap {
  /** Bytes of the image. */
  readonly imageSize: number;
  readonly blockSize: number;
  /** In order; `length` is cut at the end of the image. */
  readonly ranges: readonly (Extent & { readonly sha256: string })[];
}

/**
 * The bmap of an image whose data lie in `extents`, each range with the SHA-256 of its bytes. Ranges end at the first block
 * after each of `cuts`, too: what an image has twice is compared then, and hashed once.
 */
export function createBmap(
  image: BlockDevice,
  extents: Iterable<Extent>,
  cuts: readonly number[] = [],
): Bmap {
  const ranges: (Extent & { readonly sha256: string })[] = [];
  for (const extent of cutExtents(alignExtents(extents, blockSize, image.size), cuts)) {
    const same = ranges.find((other) => isSame(image, other, extent));
    ranges.push({ ...extent, sha256: same?.sha256 ?? rangeSha256(image, extent) });
  }
  return { imageSize: image.size, blockSize, ranges };
}

function cutExtents(extents: readonly Extent[], cuts: readonly number[]): Extent[] {
  const places = cuts.map((cut) => Math.ceil(cut / blockSize) * blockSize).sort((a, b) => a - b);
  return extents.flatMap(({ offset, length }) => {
    const end = offset + length;
    const inside = places.filter((place) => offset < place && place < end);
    return [offset, ...inside].map((start, index) => {
      return { offset: start, length: (inside[index] ?? end) - start };
    });
  });
}

/** Whether two ranges hold the same bytes; a device that has them in memory once says so at once. */
function isSame(image: BlockDevice, one: Extent, other: Extent): boolean {
  if (one.length !== other.length) return false;
  const scratch = [0, 1].map(() => new Uint8Array(Math.min(chunkBytes, one.length)));
  for (let done = 0; done < one.length; done += chunkBytes) {
    const length = Math.min(chunkBytes, one.length - done);
    const [a, b] = [one, other].map(({ offset }, index) =>
      image.read(offset + done, length, scratch[index]),
    );
    if (!a || !b) return false;
    if (a.buffer === b.buffer && a.byteOffset === b.byteOffset) continue;
    if (Buffer.compare(a, b) !== 0) return false;
  }
  return true;
}

/**
 * The text of a bmap file, format 2.0 (bmap-tools docs/; BmapCreate.py). Its own checksum is the SHA-256 of
 * the text with 64 zeros in the checksum's place.
 */
export function encodeBmap(bmap: Bmap): string {
  const blocks = Math.ceil(bmap.imageSize / bmap.blockSize);
  let mapped = 0;
  const lines = bmap.ranges.map(({ offset, length, sha256 }) => {
    const first = offset / bmap.blockSize;
    const count = Math.ceil(length / bmap.blockSize);
    mapped += count;
    const text = count === 1 ? `${first}` : `${first}-${first + count - 1}`;
    return `        <Range chksum="${sha256}"> ${text} </Range>\n`;
  });
  const text = `<?xml version="1.0" ?>
<!-- Which blocks of the image hold data; all others may be left out when it is copied. -->
<bmap version="2.0">
    <ImageSize> ${bmap.imageSize} </ImageSize>
    <BlockSize> ${bmap.blockSize} </BlockSize>
    <BlocksCount> ${blocks} </BlocksCount>
    <MappedBlocksCount> ${mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${emptyChecksum} </BmapFileChecksum>
    <BlockMap>
${lines.join('')}    </BlockMap>
</bmap>
`;
  return text.replace(emptyChecksum, sha256(text));
}

/**
 * Reads the text of a bmap file of format 2.0. Throws, all of kind `corrupt`, `bmap.format`,
 * `bmap.version`, `bmap.no-checksums`, `bmap.checksum` where its own checksum is wrong, `bmap.range`.
 */
export function decodeBmap(text: string): Bmap {
  const expect = (ok: boolean, code: string, expected: string, found: string | number) => {
    if (ok) return;
    throw new TwinbankError('corrupt', code, `bmap: expected ${expected}, found ${found}`);
  };
  expect(text.length <= maxTextLength, 'bmap.format', 'less than 64 MiB of text', text.length);
  const version = /<bmap\s+version="([^"]{1,20})"/.exec(text)?.[1];
  expect(version !== undefined, 'bmap.format', 'a <bmap version="..."> element', 'none');
  expect(
    /^2\.\d+$/.test(version ?? ''),
    'bmap.version',
    'a block map of version 2.0',
    `one of version ${version}; bmaptool create makes one of version 2.0 of the image, or remove it`,
  );
  // What `bmaptool create --no-checksum` makes.
  const bare = /<Range(?:\s[^>]{0,200})?>/.exec(text)?.[0] ?? '';
  expect(
    bare === '' || bare.includes('chksum='),
    'bmap.no-checksums',
    'the checksums of its ranges, which the image is verified by',
    'none; make it with checksums, or remove it',
  );
  const field = (name: string): string => {
    const found = new RegExp(`<${name}>\\s{0,9}([0-9A-Za-z]{1,64})\\s{0,9}</${name}>`).exec(text);
    expect(found !== null, 'bmap.format', `one <${name}>`, 'none');
    return found?.[1] ?? '';
  };
  const number = (name: string): number => {
    const value = Number(field(name));
    expect(Number.isSafeInteger(value), 'bmap.format', `a number in <${name}>`, field(name));
    return value;
  };
  const type = field('ChecksumType');
  expect(type === 'sha256', 'bmap.format', 'checksums of type sha256', type);
  const stored = field('BmapFileChecksum');
  const actual = sha256(text.replace(stored, emptyChecksum));
  expect(stored === actual, 'bmap.checksum', `its own SHA-256 to be ${stored}`, actual);
  const imageSize = number('ImageSize');
  const size = number('BlockSize');
  expect(size >= 512 && size <= 2 ** 30, 'bmap.format', 'blocks of 512 bytes to 1 GiB', size);
  const ranges: (Extent & { sha256: string })[] = [];
  const pattern =
    /<Range\s+chksum="([0-9a-f]{64})"\s*>\s{0,9}(\d{1,15})(?:\s?-\s?(\d{1,15}))?\s{0,9}<\/Range>/g;
  let mapped = 0;
  let end = 0;
  for (const [whole, checksum = '', from = '', to = from] of text.matchAll(pattern)) {
    const [first, last] = [Number(from), Number(to)];
    const inOrder = first >= end && last >= first && last * size < imageSize;
    expect(inOrder, 'bmap.range', `a range after block ${end - 1} within the image`, whole);
    end = last + 1;
    mapped += end - first;
    const offset = first * size;
    ranges.push({ offset, length: Math.min(end * size, imageSize) - offset, sha256: checksum });
  }
  const count = number('MappedBlocksCount');
  expect(mapped === count, 'bmap.range', `${count} mapped blocks`, mapped);
  return { imageSize, blockSize: size, ranges };
}

/**
 * Holds the data of an image against a bmap as they go by: hears of all of its ranges in order, each in parts that do not
 * reach over its end. Throws `bmap.data` (kind `corrupt`) at the end of a range that is not what the bmap says.
 */
export function bmapVerifier({ ranges }: Bmap): (part: Extent, bytes: Uint8Array) => void {
  let index = 0;
  let done = 0;
  let hash = createHash('sha256');
  return ({ offset, length }, bytes) => {
    const range = ranges[index];
    if (!range || offset !== range.offset + done || done + length > range.length) {
      const message = `expected the next part of range ${index}, found ${length} bytes at ${offset}`;
      throw new TwinbankError('internal', 'bmap.order', message);
    }
    hash.update(bytes);
    done += length;
    if (done < range.length) return;
    assertHash(range, hash.digest('hex'));
    index++;
    done = 0;
    hash = createHash('sha256');
  };
}

function assertHash({ offset, length, sha256 }: Bmap['ranges'][number], actual: string): void {
  if (actual === sha256) return;
  throw new TwinbankError(
    'corrupt',
    'bmap.data',
    `bytes ${offset} to ${offset + length - 1}: expected SHA-256 ${sha256}, found ${actual}`,
  );
}

function rangeSha256(image: BlockDevice, { offset, length }: Extent): string {
  const hash = createHash('sha256');
  const scratch = new Uint8Array(Math.min(chunkBytes, length));
  for (let done = 0; done < length; done += chunkBytes) {
    hash.update(image.read(offset + done, Math.min(chunkBytes, length - done), scratch));
  }
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

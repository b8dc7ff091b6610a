import { mutateBytes } from './byte-mutations.ts';
import type { Random } from './random.ts';

const block = 512;
const sizeAt = 124;
const checksumAt = 148;

/** A file of a tar as loosely as it can be read: header and content. */
export interface TarPart {
  readonly header: Uint8Array;
  readonly content: Uint8Array;
  /** What its header says of its size; default the truth. */
  readonly claim?: number;
}

/** Sizes that are not true: around a block, around what is read at once, and more than there is of anything. */
export const claims = [0, 1, 511, 513, 2 ** 16 + 1, 2 ** 20 + 1, 2 ** 31, 8 ** 11 - 1];

/** The files of a tar as far as their sizes lead, and what comes after. */
export function splitTar(tar: Uint8Array): { parts: TarPart[]; rest: Uint8Array } {
  const parts: TarPart[] = [];
  let at = 0;
  while (at + block <= tar.length) {
    const header = Buffer.from(tar.subarray(at, at + block));
    const size = Number.parseInt(header.toString('latin1', sizeAt, sizeAt + 11), 8);
    if (header[0] === 0 || !(size >= 0) || at + block + size > tar.length) break;
    parts.push({ header, content: tar.subarray(at + block, at + block + size) });
    at += block + Math.ceil(size / block) * block;
  }
  return { parts, rest: tar.subarray(at) };
}

/** A tar of these files. */
export function joinTar(parts: readonly TarPart[], rest: Uint8Array): Buffer {
  const pieces = parts.flatMap(({ header, content, claim = content.length }) => {
    const sized = Buffer.from(header);
    sized.write(claim.toString(8).padStart(11, '0'), sizeAt, 'latin1');
    return [sized, content, new Uint8Array(-content.length & (block - 1))];
  });
  const tar = Buffer.concat([...pieces, rest]);
  mendTar(tar);
  return tar;
}

/** Changes whole files: contents, names, order, and sizes that are not true. */
export function mutateTar(
  tar: Uint8Array,
  random: Random,
  other: Uint8Array,
  mutateContent: (content: Uint8Array, random: Random, other: Uint8Array) => Uint8Array,
): Buffer {
  const { parts, rest } = splitTar(tar);
  const spare = splitTar(other).parts;
  for (let left = 1 << random.below(3); left > 0 && parts.length > 0; left = random.below(left)) {
    const place = random.below(parts.length);
    const part = parts[place]!;
    const how = random.below(8);
    if (how < 4) {
      const donor = spare.length > 0 ? random.pick(spare).content : part.content;
      parts[place] = { ...part, content: mutateContent(part.content, random, donor) };
    } else if (how === 4) parts.splice(random.below(parts.length + 1), 0, part);
    else if (how === 5) parts.splice(place, 1);
    else if (how === 6) parts.push(...parts.splice(place, 1));
    else {
      const header = Buffer.from(
        mutateBytes(part.header, random, part.header, { fixed: true, record: 8 }),
      );
      parts[place] = { header, content: part.content };
    }
  }
  const [first] = parts;
  if (first && random.once(12))
    parts[random.below(parts.length)] = { ...first, claim: random.pick(claims) };
  return joinTar(parts, rest);
}

/** So that headers which were changed are believed: each block that says it is one gets its checksum. */
export function mendTar(tar: Uint8Array): void {
  for (let at = 0; at + block <= tar.length; at += block) {
    const header = Buffer.from(tar.buffer, tar.byteOffset + at, block);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', checksumAt, 'latin1');
    let sum = 0;
    for (const byte of header) sum += byte;
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, checksumAt, 'latin1');
  }
}

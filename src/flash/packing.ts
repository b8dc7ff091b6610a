import type { Packing } from '../host/unpack.ts';

/** So many bytes tell how a file is packed. */
export const packingHeadBytes = 13;

interface Format {
  /** What people call it. */
  readonly name: string;
  /** The program that unpacks it; undefined: none of those that flash uses. */
  readonly by?: Packing;
  readonly begins: (head: Uint8Array) => boolean;
}

/**
 * What a packed file begins with. It is what the distribution's programs go by: gzip takes what older programs made, too (its `get_method`), xz .lzma
 * and lzip, zstd the frames of RFC 8878, those before it, and lz4's. A file of zstd or lz4 may begin with frames to be skipped (pzstd's do).
 */
const formats: readonly Format[] = [
  { name: 'gzip', by: 'gz', begins: magic('1f8b', '1f9e') },
  { name: 'compress', by: 'gz', begins: magic('1f9d') },
  { name: 'compress -H', by: 'gz', begins: magic('1fa0') },
  { name: 'pack', by: 'gz', begins: magic('1f1e') },
  { name: 'zip', by: 'gz', begins: magic('504b0304') },
  { name: 'xz', by: 'xz', begins: magic('fd377a585a00') },
  { name: 'lzma', by: 'xz', begins: isLzma },
  { name: 'lzip', by: 'xz', begins: magic('4c5a4950') },
  { name: 'zstd', by: 'zst', begins: isZstd },
  { name: 'lz4', by: 'zst', begins: magic('04224d18') },
  { name: 'lz4 -l', begins: magic('02214c18') },
  { name: 'bzip2', begins: magic('425a68') },
  { name: 'lzop', begins: magic('894c5a4f') },
  { name: 'lrzip', begins: magic('4c525a49') },
  { name: '7z', begins: magic('377abcaf271c') },
  { name: 'rar', begins: magic('526172211a07') },
];

/** What a file that begins with `head` is packed by, and the program that unpacks it, if there is one; undefined for one that is not packed. */
export function packingBy(head: Uint8Array): { name: string; by: Packing | undefined } | undefined {
  const found = formats.find(({ begins }) => begins(head));
  return found && { name: found.name, by: found.by };
}

function magic(...beginnings: readonly string[]): Format['begins'] {
  const all = beginnings.map((hex) => Buffer.from(hex, 'hex'));
  return (head) => all.some((bytes) => bytes.equals(head.subarray(0, bytes.length)));
}

/** Versions 0.1 to 0.7 have magics of their own (zstd's lib/legacy); which of them it takes, zstd itself knows. */
function isZstd([a, b, c, d]: Uint8Array): boolean {
  if (a === undefined) return false;
  if (b === 0xb5 && c === 0x2f && d === 0xfd) return a >= 0x22 && a <= 0x28;
  if (b === 0x2a && c === 0x4d && d === 0x18) return a >> 4 === 5;
  return a === 0xfd && b === 0x2f && c === 0xb5 && d === 0x1e;
}

/** It has no magic: settings that everybody uses, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that is unknown or below 256 GiB, as xz judges. */
function isLzma(head: Uint8Array): boolean {
  if (head.length < packingHeadBytes || head[0] !== 0x5d) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const dictionary = view.getUint32(1, true);
  const size = view.getBigUint64(5, true);
  const bits = dictionary.toString(2).replace(/0+$/, '');
  return (
    dictionary >= 4096 &&
    (bits === '1' || bits === '11') &&
    (size === 0xffff_ffff_ffff_ffffn || size < 2n ** 38n)
  );
}

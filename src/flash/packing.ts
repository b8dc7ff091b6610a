import type { Packing } from '../host/unpack.ts';

/** So many bytes tell how a file is packed. */
export const packingHeadBytes = 13;

/**
 * What unpacks a file that begins with `head`; undefined for one that is not packed. It is what the programs go by: gzip by RFC 1952, xz by its format's
 * section 2.1.1.1 and the header of the older .lzma, zstd by RFC 8878, where a file may begin with frames to be skipped (pzstd's do).
 */
export function packingBy(head: Uint8Array): Packing | undefined {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gz';
  if (Buffer.from(head.subarray(0, 6)).equals(Buffer.from('\xfd7zXZ\0', 'latin1'))) return 'xz';
  if (isLzma(head)) return 'xz';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zst';
  const isSkippable = a !== undefined && a >> 4 === 5;
  return isSkippable && b === 0x2a && c === 0x4d && d === 0x18 ? 'zst' : undefined;
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

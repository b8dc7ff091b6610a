import { TwinbankError } from '../../diagnostics/error.ts';
import { asBuffer } from './elf-sections.ts';

/** Where a bzImage has its packed kernel, in bytes from its beginning. */
export interface PackedKernel {
  readonly start: number;
  /** With the four bytes after it that say how long the kernel is unpacked. */
  readonly end: number;
}

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/**
 * The kernel inside a bzImage, which must be packed by xz, as Debian's is. Throws `kernel.no-bzimage` (kind `corrupt`).
 *
 * Format: Linux' `Documentation/x86/boot.rst`: `HdrS` at 0x202; at 0x1f1 the sectors of the real-mode code less one, and from
 * version 2.08 on at 0x248 and 0x24c where in the rest the packed kernel begins, and its length.
 */
export function findPackedKernel(image: Uint8Array): PackedKernel {
  const bytes = asBuffer(image);
  const isImage = bytes.length > 0x250 && bytes.toString('latin1', 0x202, 0x206) === 'HdrS';
  const start = isImage ? 512 * (bytes.readUInt8(0x1f1) + 1) + bytes.readUInt32LE(0x248) : 0;
  const end = isImage ? start + bytes.readUInt32LE(0x24c) : 0;
  if (!isImage || end > bytes.length || !bytes.subarray(start).subarray(0, 6).equals(xzMagic)) {
    throw new TwinbankError(
      'corrupt',
      'kernel.no-bzimage',
      'kernel.btf: false: expected a bzImage with a kernel packed by xz, found something else',
    );
  }
  return { start, end };
}

/**
 * The image with another packed kernel in the place of its own: xz's, then zeros. Whoever unpacks it stops at the end of xz's
 * stream; all that lies behind, the code that unpacks included, stays where it was linked to. Throws `kernel.larger` (kind
 * `internal`).
 */
export function replacePackedKernel(
  image: Uint8Array,
  { start, end }: PackedKernel,
  packed: Uint8Array,
): Uint8Array {
  const room = end - start - 4;
  if (packed.length > room) {
    throw new TwinbankError(
      'internal',
      'kernel.larger',
      `kernel: expected at most ${room} bytes without BTF, found ${packed.length}`,
    );
  }
  const replaced = Uint8Array.from(image);
  replaced.fill(0, start, start + room);
  replaced.set(packed, start);
  return replaced;
}

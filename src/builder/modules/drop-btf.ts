import { asBuffer, readSections } from './elf-sections.ts';

const btf = '.BTF';
/** What `scripts/sign-file` appends; before it are 12 bytes, the last four of them the signature's length. */
const signatureMark = '~Module signature appended~\n';

/**
 * A kernel or kernel module without its type information (BTF), in the same places: the section stays, filled with
 * zeros. A module's is also made empty, so that the kernel, which has none to compare it with, does not look at it. A module's
 * signature is cut off: one that is wrong would be refused, one that is missing only marks the kernel as tainted.
 *
 * Format: Linux' `Documentation/bpf/btf.rst`; System V ABI, Elf64_Shdr: its size at 0x20.
 */
export function dropBtf(program: Uint8Array, kind: 'kernel' | 'module'): Uint8Array {
  const bytes = Buffer.from(kind === 'module' ? withoutSignature(program) : program);
  const sections = readSections(bytes);
  const index = sections.findIndex(({ name }) => name === btf);
  const section = sections[index];
  if (!section) return program;
  bytes.fill(0, section.offset, section.offset + section.size);
  if (kind === 'module') {
    const table = Number(bytes.readBigUInt64LE(0x28));
    bytes.writeBigUInt64LE(0n, table + bytes.readUInt16LE(0x3a) * index + 0x20);
  }
  return bytes;
}

function withoutSignature(module: Uint8Array): Uint8Array {
  const bytes = asBuffer(module);
  const end = bytes.length - signatureMark.length;
  if (end < 12 || bytes.toString('latin1', end) !== signatureMark) return module;
  return bytes.subarray(0, end - 12 - bytes.readUInt32BE(end - 4));
}

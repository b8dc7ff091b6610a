/** Types of sections (System V ABI, "Sections"; GNU's by elf.h). */
export const sectionTypes = {
  symbols: 2,
  relocations: 4,
  dynamic: 6,
  dynamicSymbols: 11,
  gnuHash: 0x6ffffff6,
  versionsDefined: 0x6ffffffd,
  versionsNeeded: 0x6ffffffe,
  versionNumbers: 0x6fffffff,
} as const;

/** A section of an ELF64 little-endian file (System V ABI, "Sections"); offsets and sizes in bytes. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** Where it lies in the memory of a running program; 0 where it does not. */
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section that belongs to it: a symbol table's strings. */
  readonly link: number;
}

/** The section table of a program, library or kernel module. */
export function readSections(bytes: Buffer): ElfSection[] {
  const start = Number(bytes.readBigUInt64LE(0x28));
  const size = bytes.readUInt16LE(0x3a);
  const count = bytes.readUInt16LE(0x3c);
  const namesAt = start + size * bytes.readUInt16LE(0x3e);
  const names = Number(bytes.readBigUInt64LE(namesAt + 0x18));
  return Array.from({ length: count }, (_, index) => {
    const at = start + size * index;
    return {
      name: readText(bytes, names + bytes.readUInt32LE(at)),
      type: bytes.readUInt32LE(at + 4),
      address: Number(bytes.readBigUInt64LE(at + 0x10)),
      offset: Number(bytes.readBigUInt64LE(at + 0x18)),
      size: Number(bytes.readBigUInt64LE(at + 0x20)),
      link: bytes.readUInt32LE(at + 0x28),
    };
  });
}

/** Relocations of a program or library (Elf64_Rela, 24 bytes): their kinds, and the numbers of the symbols they are for. */
export function readRelocations(
  bytes: Buffer,
  sections: readonly ElfSection[],
): { readonly kind: number; readonly symbol: number }[] {
  const found: { kind: number; symbol: number }[] = [];
  for (const { type, offset, size } of sections) {
    if (type !== sectionTypes.relocations) continue;
    for (let at = offset; at < offset + size; at += 24) {
      found.push({ kind: bytes.readUInt32LE(at + 8), symbol: bytes.readUInt32LE(at + 12) });
    }
  }
  return found;
}

/** The text from `at` up to its zero byte. */
export function readText(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}

/** A Buffer over the same memory, for its little-endian readers. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { asBuffer, readSections } from '../elf-sections.ts';

const PT_NULL = 0;
const PT_GNU_EH_FRAME = 0x6474e550;

/**
 * Empties, in place, the tables by which a C++ exception finds its way out of a function, and takes away the
 * header that leads to them. Node and V8 are compiled without exceptions. In Node's program only
 * libstdc++'s own file-system code has handlers, to free its memory and throw again; nobody above catches. So an
 * exception ends the process with `terminate called after throwing ...` with the tables and without them.
 * Lost is the list of native functions that Node prints when it aborts. The libraries keep their tables.
 * Returns the number of bytes emptied.
 *
 * Format: Linux Standard Base, "Exception Frames"; Elf64_Phdr is 56 bytes, its type the first four.
 */
export function blankUnwindTables(binary: Uint8Array): number {
  const bytes = asBuffer(binary);
  let emptied = 0;
  for (const { name, offset, size } of readSections(bytes)) {
    if (name !== '.eh_frame' && name !== '.eh_frame_hdr') continue;
    bytes.fill(0, offset, offset + size);
    emptied += size;
  }
  const headers = Number(bytes.readBigUInt64LE(0x20));
  const size = bytes.readUInt16LE(0x36);
  for (let index = 0; index < bytes.readUInt16LE(0x38); index++) {
    const at = headers + size * index;
    if (bytes.readUInt32LE(at) === PT_GNU_EH_FRAME) bytes.writeUInt32LE(PT_NULL, at);
  }
  return emptied;
}

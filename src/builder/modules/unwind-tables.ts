import { TwinbankError } from '../../diagnostics/error.ts';
import { isElf } from '../components/elf.ts';
import { type FileTree, withData } from '../components/file-tree.ts';
import { readDynamicSymbols } from './dynamic-symbols.ts';
import { asBuffer, readSections } from './elf-sections.ts';

const PT_NULL = 0;
const PT_GNU_EH_FRAME = 0x6474e550;

/** What C++ and clean-up handlers of C import: without tables, an exception passes them over. */
const unwinding = /^(_Unwind_|__gxx_personality_|__gcc_personality_|__cxa_throw$|__register_frame)/;

/**
 * The tree without the unwind tables of its programs and libraries. C does without: threads end by
 * pthread_exit, and coroutines jump by longjmp, which need none. Lost is the list of callers that a debugger shows, unless it
 * has the package's own file. `place` is the key that asks for it. Throws `modules.unwinds` (kind `recipe`) where somebody
 * would miss them.
 */
export function withoutUnwindTables(place: string, tree: FileTree): FileTree {
  const blanked: FileTree = new Map(tree);
  for (const [path, entry] of tree) {
    if (entry.type !== 'file' || !isElf(entry.data)) continue;
    const { imports } = readDynamicSymbols(entry.data);
    const user = imports.find(({ name, weak }) => !weak && unwinding.test(name));
    if (user) {
      const message = `${place}: expected only programs and libraries that unwind nothing, found /${path}, which uses ${user.name}; leave it true`;
      throw new TwinbankError('recipe', 'modules.unwinds', message, { data: { path } });
    }
    const data = Uint8Array.from(entry.data);
    blankUnwindTables(data);
    blanked.set(path, withData(entry, data));
  }
  return blanked;
}

/**
 * Empties, in place, the tables by which a C++ exception finds its way out of a function, and takes away the
 * header that leads to them. Node and V8 are compiled without exceptions. In Node's program only
 * libstdc++'s own file-system code has handlers, to free its memory and throw again; nobody above catches. So an
 * exception ends the process with `terminate called after throwing ...` with the tables and without them.
 * Lost is the list of native functions that Node prints when it aborts. The engine's libraries keep their tables.
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

import { asBuffer, readSections } from '../elf-sections.ts';

/** V8's mark of compiled code is c0de and the number of its external references (`code-serializer.h`), here as bytes. */
const markEnd = Buffer.from([0xde, 0xc0]);
/** Words of the header: mark, version, source's length with a bit for modules, flags, snapshot's checksum, bytes. */
const headerBytes = 32;
const lengthMask = 0x1fffffff;

interface CompiledBuiltin {
  readonly start: number;
  readonly end: number;
  /** Characters of the source that it was compiled from. V8 knows the source by nothing else. */
  readonly sourceLength: number;
}

/**
 * Empties, in place, the compiled code of the builtins whose sources are of none of these lengths. V8 looks for its mark,
 * does not find it, and compiles the source, as it would for code of its own: a builtin that is seldom used is slower
 * once, by some milliseconds. Returns the number of bytes emptied.
 */
export function dropCompiledBuiltins(binary: Uint8Array, keptLengths: ReadonlySet<number>): number {
  const bytes = asBuffer(binary);
  let emptied = 0;
  for (const { start, end, sourceLength } of findCompiled(bytes)) {
    if (keptLengths.has(sourceLength)) continue;
    bytes.fill(0, start, end);
    emptied += end - start;
  }
  return emptied;
}

/** All of it was made by one V8: mark, version, flags and snapshot are those that the most have. */
function findCompiled(bytes: Buffer): CompiledBuiltin[] {
  const section = readSections(bytes).find(({ name }) => name === '.rodata');
  if (!section) return [];
  const end = section.offset + section.size - headerBytes;
  const groups = new Map<string, CompiledBuiltin[]>();
  const next = (from: number): number => bytes.indexOf(markEnd, from) - 2;
  for (let at = next(section.offset + 2); at >= section.offset && at < end; at = next(at + 4)) {
    const key = [0, 4, 12, 16].map((word) => bytes.readUInt32LE(at + word)).join();
    const sourceLength = bytes.readUInt32LE(at + 8) & lengthMask;
    const length = headerBytes + bytes.readUInt32LE(at + 20);
    groups.set(key, [...(groups.get(key) ?? []), { start: at, end: at + length, sourceLength }]);
  }
  return [...groups.values()].reduce((most, one) => (one.length > most.length ? one : most), []);
}

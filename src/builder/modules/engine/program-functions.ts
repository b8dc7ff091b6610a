import {
  asBuffer,
  type ElfSection,
  readSections,
  readText,
  sectionTypes,
} from '../elf-sections.ts';

const STT_FUNC = 2;
const STT_FILE = 4;
/** Functions begin at multiples of up to 64 bytes; what is between two of them belongs to none. */
const largestGap = 64;

interface ProgramFunction {
  readonly name: string;
  /** C file whose symbol table it is in; of one that is not static another file's. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Machine code, in bytes from the file's beginning. */
export interface CodeRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the functions that `isChosen` chooses lie in `stripped`, by the symbols of `whole`, the same program before strip moved its
 * sections. Neighbours are one range. A function whose code is also that of one that is not chosen is left out.
 */
export function functionRanges(
  whole: Uint8Array,
  stripped: Uint8Array,
  isChosen: (name: string, file: string) => boolean,
): CodeRange[] {
  const places = readSections(asBuffer(stripped));
  const all = readFunctions(asBuffer(whole), places).map((one) => ({
    ...one,
    chosen: isChosen(one.name, one.file),
  }));
  // Of those that begin at the same byte one that stays comes first.
  all.sort((one, other) => one.start - other.start || Number(one.chosen) - Number(other.chosen));
  const ranges: { start: number; end: number }[] = [];
  let open: { start: number; end: number } | undefined;
  let keptEnd = 0;
  for (const { start, end, chosen } of all) {
    if (!chosen || start < keptEnd) {
      keptEnd = Math.max(keptEnd, end);
      open = undefined;
    } else if (open && start - open.end < largestGap) {
      open.end = Math.max(open.end, end);
    } else {
      open = { start, end };
      ranges.push(open);
    }
  }
  return ranges;
}

/**
 * Format: System V ABI, "Symbol Table"; Elf64_Sym is 24 bytes. Functions without a size are passed over, and such in
 * sections that are not among `places`, at the same address.
 */
function readFunctions(bytes: Buffer, places: readonly ElfSection[]): ProgramFunction[] {
  const sections = readSections(bytes);
  const table = sections.find(({ type }) => type === sectionTypes.symbols);
  const strings = table && sections[table.link];
  const functions: ProgramFunction[] = [];
  let file = '';
  for (let at = table?.offset ?? 0; table && at < table.offset + table.size; at += 24) {
    const type = bytes.readUInt8(at + 4) & 0xf;
    if (type !== STT_FUNC && type !== STT_FILE) continue;
    const name = readText(bytes, (strings?.offset ?? 0) + bytes.readUInt32LE(at));
    if (type === STT_FILE) {
      file = name;
      continue;
    }
    const section = sections[bytes.readUInt16LE(at + 6)];
    const place = section?.name
      ? places.find((one) => one.name === section.name && one.address === section.address)
      : undefined;
    const size = Number(bytes.readBigUInt64LE(at + 16));
    if (!place || size === 0) continue;
    const start = Number(bytes.readBigUInt64LE(at + 8)) - place.address + place.offset;
    functions.push({ name, file, start, end: start + size });
  }
  return functions;
}

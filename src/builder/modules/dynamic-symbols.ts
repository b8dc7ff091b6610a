import {
  asBuffer,
  type ElfSection,
  readRelocations,
  readSections,
  readText,
  sectionTypes,
} from './elf-sections.ts';

const STB_LOCAL = 0;
const STB_WEAK = 2;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** The loader copies a library's variable to where the program has room for it, and all use that one. */
const R_X86_64_COPY = 5;
/** Of a version's number: without it, who names no version gets this symbol. */
const hiddenBit = 0x8000;

/** A symbol that the dynamic loader looks up, or is found by. */
interface DynamicSymbol {
  readonly name: string;
  /** Undefined: it has none, and is found by its name alone. */
  readonly version: string | undefined;
}

export interface ImportedSymbol extends DynamicSymbol {
  /** The library that has to have this version of it; undefined where no version is asked for. */
  readonly from: string | undefined;
  /** It may be missing. */
  readonly weak: boolean;
}

export interface ExportedSymbol extends DynamicSymbol {
  /** What those get that name no version; true of symbols without versions. */
  readonly isDefault: boolean;
  readonly isFunction: boolean;
}

/** What an ELF file imports and exports. */
export interface DynamicSymbols {
  readonly imports: readonly ImportedSymbol[];
  readonly exports: readonly ExportedSymbol[];
  /** All versions that it demands of each library, by the library's name: the loader looks for each of them. */
  readonly demands: ReadonlyMap<string, readonly string[]>;
}

interface Version {
  readonly name: string;
  readonly file?: string;
}

/**
 * The dynamic symbols of an x86-64 program or library, with their versions; a static program has none.
 *
 * Format: System V ABI, "Symbol Table" (Elf64_Sym is 24 bytes); Linux Standard Base Core 5.0, section 10.7,
 * "Symbol Versioning".
 */
export function readDynamicSymbols(binary: Uint8Array): DynamicSymbols {
  const bytes = asBuffer(binary);
  const sections = readSections(bytes);
  const symbols = sections.find(({ type }) => type === sectionTypes.dynamicSymbols);
  const strings = symbols && sections[symbols.link];
  if (!symbols || !strings) return { imports: [], exports: [], demands: new Map() };
  const needed = neededVersions(bytes, sections);
  const versions = new Map([...needed, ...definedVersions(bytes, sections)]);
  const copied = copiedSymbols(bytes, sections);
  const numbers = sections.find(({ type }) => type === sectionTypes.versionNumbers);
  const imports: ImportedSymbol[] = [];
  const exports: ExportedSymbol[] = [];
  for (let index = 1; index < symbols.size / 24; index++) {
    const at = symbols.offset + 24 * index;
    const name = readText(bytes, strings.offset + bytes.readUInt32LE(at));
    const info = bytes.readUInt8(at + 4);
    const [binding, type] = [info >> 4, info & 15];
    // Sections and files have no name; a version's own name is an absolute symbol.
    if (name === '' || binding === STB_LOCAL) continue;
    const number = numbers ? bytes.readUInt16LE(numbers.offset + 2 * index) : 1;
    const version = versions.get(number & ~hiddenBit);
    const place = bytes.readUInt16LE(at + 6);
    if (place === 0 || copied.has(index)) {
      imports.push({
        name,
        version: version?.name,
        from: version?.file,
        weak: binding === STB_WEAK,
      });
    } else if (number !== 0) {
      const isDefault = (number & hiddenBit) === 0;
      const isFunction = type === STT_FUNC || type === STT_GNU_IFUNC;
      exports.push({ name, version: version?.name, isDefault, isFunction });
    }
  }
  const demands = new Map<string, string[]>();
  for (const { name, file = '' } of needed.values()) {
    demands.set(file, [...(demands.get(file) ?? []), name]);
  }
  return { imports, exports, demands };
}

/** The symbols that a program has room for and that libraries define. */
function copiedSymbols(bytes: Buffer, sections: readonly ElfSection[]): Set<number> {
  const copies = readRelocations(bytes, sections).filter(({ kind }) => kind === R_X86_64_COPY);
  return new Set(copies.map(({ symbol }) => symbol));
}

/** Elf64_Verneed and Elf64_Vernaux, by the number that a symbol has. */
function neededVersions(bytes: Buffer, sections: readonly ElfSection[]): Map<number, Version> {
  const found = new Map<number, Version>();
  for (const { at, strings } of entries(bytes, sections, sectionTypes.versionsNeeded, 12)) {
    const file = readText(bytes, strings + bytes.readUInt32LE(at + 4));
    let aux = at + bytes.readUInt32LE(at + 8);
    for (let left = bytes.readUInt16LE(at + 2); left > 0; left--) {
      const name = readText(bytes, strings + bytes.readUInt32LE(aux + 8));
      found.set(bytes.readUInt16LE(aux + 6), { name, file });
      aux += bytes.readUInt32LE(aux + 12);
    }
  }
  return found;
}

/** Elf64_Verdef: the first one, with the flag VER_FLG_BASE (1), is the library's name and no version. */
function definedVersions(bytes: Buffer, sections: readonly ElfSection[]): Map<number, Version> {
  const found = new Map<number, Version>();
  for (const { at, strings } of entries(bytes, sections, sectionTypes.versionsDefined, 16)) {
    if ((bytes.readUInt16LE(at + 2) & 1) !== 0) continue;
    const aux = at + bytes.readUInt32LE(at + 12);
    const name = readText(bytes, strings + bytes.readUInt32LE(aux));
    found.set(bytes.readUInt16LE(at + 4), { name });
  }
  return found;
}

/** Where the entries of a section begin that each have, at `next`, how far away the following one is. */
function entries(
  bytes: Buffer,
  sections: readonly ElfSection[],
  type: number,
  next: number,
): { at: number; strings: number }[] {
  const found: { at: number; strings: number }[] = [];
  for (const section of sections) {
    if (section.type !== type) continue;
    const strings = sections[section.link]?.offset ?? 0;
    for (let at = section.offset, step = -1; step !== 0; at += step) {
      found.push({ at, strings });
      step = bytes.readUInt32LE(at + next);
    }
  }
  return found;
}

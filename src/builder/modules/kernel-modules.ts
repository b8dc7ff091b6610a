import { TwinbankError } from '../../diagnostics/error.ts';
import { nearestWord } from '../../recipe/nearest-word.ts';
import type { EntryOrigin, FileTree } from '../components/file-tree.ts';
import { asBuffer, readSections } from './elf-sections.ts';

/** Where the kernel's package has a module, and what it says of it. */
export interface IndexedModule {
  /** Path in the kernel's package. */
  readonly path: string;
  /** Modules that must be loaded before it, by name. */
  readonly needs: readonly string[];
}

/** A kernel module with its bytes. */
export interface KernelModule extends IndexedModule {
  readonly data: Uint8Array;
  readonly from?: EntryOrigin | undefined;
}

/** Kernel modules by the name that modprobe uses: `-` and `_` are the same to it. */
export type ModuleIndex = ReadonlyMap<string, IndexedModule>;

/** The kernel's own name for a module: the file's name without its ending, `-` written as `_`. */
export function moduleName(path: string): string {
  return plainName((path.split('/').pop() ?? '').replace(/\.ko$/, ''));
}

function plainName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Every module of the kernel's package. */
export function indexModules(tree: FileTree): ModuleIndex {
  const index = new Map<string, IndexedModule>();
  for (const [path, entry] of tree) {
    if (entry.type !== 'file' || !path.endsWith('.ko')) continue;
    index.set(moduleName(path), { path, needs: readNeeds(entry.data) });
  }
  return index;
}

/** What a module needs: `depends` for the symbols it uses, `softdep=pre:` for what it merely asks for. */
export function readNeeds(module: Uint8Array): string[] {
  const needs: string[] = [];
  for (const text of readModinfo(module)) {
    if (text.startsWith('depends=')) needs.push(...text.slice(8).split(','));
    else if (text.startsWith('softdep=pre:'))
      needs.push(...(text.slice(12).split('post:')[0] ?? '').split(' '));
  }
  return needs.filter(Boolean).map(plainName);
}

/** The firmware files that a module says it may ask for, below /lib/firmware (MODULE_FIRMWARE). */
export function readFirmware(module: Uint8Array): string[] {
  const texts = readModinfo(module).filter((text) => text.startsWith('firmware='));
  return [...new Set(texts.map((text) => text.slice('firmware='.length)))].sort();
}

/** The texts of a module's `.modinfo` section, which is `KEY=VALUE` between zero bytes. */
export function readModinfo(module: Uint8Array): string[] {
  const bytes = asBuffer(module);
  const info = readSections(bytes).find((section) => section.name === '.modinfo');
  if (!info) return [];
  return bytes.toString('latin1', info.offset, info.offset + info.size).split('\0');
}

/** `6.1.0-56-amd64 SMP preempt mod_unload modversions `, or undefined for what is no kernel module. */
export function vermagicOf(data: Uint8Array): string | undefined {
  if (Buffer.from(data.subarray(0, 6)).toString('latin1') !== '\x7fELF\x02\x01') return undefined;
  try {
    const text = readModinfo(data).find((one) => one.startsWith('vermagic='));
    return text?.slice('vermagic='.length);
  } catch (error) {
    // Anybody's bytes: an offset can lead anywhere.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Names of the modules that are built into the kernel, from its `modules.builtin`. */
export function parseBuiltin(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').filter(Boolean).map(moduleName));
}

/**
 * The modules wanted and all that they need, each once, every one after those it needs; `place` says where one of those
 * wanted stands. Throws
 * `drivers.unknown` with every driver that the kernel does not have; one that is built in is no error, as
 * there is nothing to load.
 */
export function closeOverNeeds(
  wanted: readonly string[],
  index: ModuleIndex,
  builtin: ReadonlySet<string>,
  place: (index: number) => string,
): string[] {
  const names = wanted.map(plainName);
  const isKnown = (name: string): boolean =>
    index.has(plainName(name)) || builtin.has(plainName(name));
  const unknown = wanted.filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const known = [...index.keys(), ...builtin];
    const lines = wanted.flatMap((name, at) => {
      if (isKnown(name)) return [];
      const near = nearestWord(plainName(name), known);
      const hint = near === null ? '' : `; did you mean ${JSON.stringify(near)}?`;
      const found = JSON.stringify(name);
      return [`${place(at)}: expected a driver that the kernel has, found ${found}${hint}`];
    });
    const data = { data: { unknown } };
    throw new TwinbankError('recipe', 'drivers.unknown', lines.join('\n'), data);
  }
  const closed = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (closed.has(name) || above.includes(name)) return;
    for (const need of index.get(name)?.needs ?? []) visit(need, [...above, name]);
    if (index.has(name)) closed.add(name);
  };
  for (const name of names) visit(name, []);
  return [...closed];
}

import { dropAddonExports } from '../elf-exports.ts';
import { asBuffer } from '../elf-sections.ts';
import { trimIcuData } from '../icu.ts';
import { blankUnwindTables } from '../unwind-tables.ts';
import { blankComments } from './blank-comments.ts';
import { builtinFinder, removeBuiltin, writeBuiltin } from './builtin-sources.ts';
import { dropCompiledBuiltins } from './compiled-builtins.ts';
import type { Builtins } from './describe-builtins.ts';
import { functionRanges } from './program-functions.ts';
import { removeCode } from './removed-code.ts';
import { rebuildSymbolHash } from './symbol-hash.ts';

/** A part of Node that the bank does not have. */
export interface RemovedPart {
  /** The builtin by which a program gets at it. */
  readonly builtin: string;
  /** What a program imports to get it; `*.ts` is any TypeScript. */
  readonly imported: string;
  /** The error that importing it throws. */
  readonly message: string;
  /** Its machine code, where that is large, by symbol (mangled, for C++) and source file. */
  readonly code?: (name: string, file: string) => boolean;
}

const removedParts: readonly RemovedPart[] = [
  {
    // The agents are bundled as JavaScript: Amaro, a WebAssembly module in 3.8 MB of text.
    builtin: 'internal/deps/amaro/dist/index',
    imported: '*.ts',
    message: 'TypeScript was left out of this engine: bundle it as JavaScript',
  },
  {
    builtin: 'sqlite',
    imported: 'node:sqlite',
    message: 'node:sqlite was left out of this engine',
    code: (name, file) =>
      file === 'sqlite3.c' || name.startsWith('sqlite3') || /^_ZNK?4node6sqlite/.test(name),
  },
];

/**
 * Takes out of a stripped Node, in place, what the bank's agents cannot use. Every place stays where it was, filled with
 * what any compressor takes out. `whole` is the same program with its symbols. What a program could miss ends in an error
 * that says so. The rest are data that nothing reads and code that is made again. Returns the parts that were there, and are
 * not any more.
 */
export async function trimEngine(
  stripped: Uint8Array,
  whole: Uint8Array,
  builtins: Builtins,
  locales: readonly string[],
): Promise<RemovedPart[]> {
  const bytes = asBuffer(stripped);
  trimIcuData(stripped, locales);
  dropAddonExports(stripped);
  rebuildSymbolHash(stripped);
  blankUnwindTables(stripped);
  const { sources, loaded } = builtins;
  const find = builtinFinder(bytes, sources);
  const places = new Map([...sources.keys()].map((id) => [id, find(id)]));
  // Before any source changes: by its length V8 would take the compiled code of one that was removed.
  const removed = new Set(removedParts.map(({ builtin }) => builtin));
  const kept = loaded.filter((id) => !removed.has(id));
  const lengthOf = (id: string): number => sources.get(id)?.length ?? 0;
  dropCompiledBuiltins(stripped, new Set(kept.map(lengthOf)));
  for (const [id, source] of sources) {
    const place = places.get(id);
    if (place && !removed.has(id)) writeBuiltin(bytes, place, await blankComments(source));
  }
  const parts = removedParts.filter(({ builtin }) => places.get(builtin));
  for (const { builtin, message, code } of parts) {
    const place = places.get(builtin);
    if (!place) continue;
    removeBuiltin(bytes, place, lengthOf(builtin), message);
    if (code) removeCode(bytes, functionRanges(whole, stripped, code), `engine: ${message}`);
  }
  return parts;
}

import { TwinbankError } from '../diagnostics/error.ts';
import { type Report, silent } from '../diagnostics/progress.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { compareFiles, type FileChange, listedFiles } from './compare-files.ts';
import {
  compareImages,
  type ImageComparison,
  type ImageOptions,
  isSameImage,
} from './compare-images.ts';
import {
  compareSystems,
  isSameSystem,
  type SystemComparison,
  sameContent,
} from './compare-systems.ts';
import type { DescribedModule, DescribedSystem } from './described.ts';
import type { ModuleFile } from './module-file.ts';
import { readModuleFiles } from './module-files.ts';
import type { SystemSource } from './source.ts';

export interface CompareOptions extends ImageOptions {
  /** Look into changed modules; without it files are told by what the manifests list. */
  readonly files: boolean;
  /** Keep the content of short texts that changed. */
  readonly texts: boolean;
  /** A folder in which a temporary one can be made; it is gone at the end, whatever the end. */
  readonly temporary: string;
  readonly report?: Report;
  readonly signal?: AbortSignal;
}

/** A changed module whose files could not be compared by content, and why. */
export interface UnreadModule {
  readonly module: string;
  readonly why: string;
}

export interface SystemsComparison {
  readonly equal: boolean;
  /** Undefined where one side is no image. */
  readonly image: ImageComparison | undefined;
  readonly system: SystemComparison;
  readonly files: readonly FileChange[];
  readonly unread: readonly UnreadModule[];
}

/**
 * Compares two images, two bundles, or one of each. Damage in a module is told (`unread`), not thrown; throws
 * `host.tool-missing` where a program to unpack with is not there.
 */
export async function compareSources(
  a: SystemSource,
  b: SystemSource,
  options: CompareOptions,
): Promise<SystemsComparison> {
  const [left, right] = [a.described, b.described];
  const system = compareSystems(left.system, right.system);
  const image =
    left.kind === 'image' && right.kind === 'image'
      ? compareImages(left, right, options)
      : undefined;
  const { files, unread } = await filesOfModules(a, b, system, options);
  const equal = isSameSystem(system) && (!image || isSameImage(image));
  return { equal, image, system, files, unread };
}

async function filesOfModules(
  a: SystemSource,
  b: SystemSource,
  { modules }: SystemComparison,
  options: CompareOptions,
): Promise<Pick<SystemsComparison, 'files' | 'unread'>> {
  const files: FileChange[] = [];
  const unread: UnreadModule[] = [];
  const { temporary, report = silent, signal } = options;
  const scratch = temporaryFolder('diff', temporary);
  try {
    for (const [index, { key, a: ours, b: theirs }] of modules.entries()) {
      signal?.throwIfAborted();
      report({ type: 'progress', task: 'look into modules', done: index, unit: 'files' });
      if (ours && theirs && sameContent(ours, theirs)) continue;
      const both =
        ours && theirs ? await bothSides(a, ours, b, theirs, options, scratch.path) : 'none';
      if (typeof both !== 'string') files.push(...compareFiles(key, both.a, both.b));
      else {
        if (ours && theirs && both !== 'none') unread.push({ module: key, why: both });
        const paths = [ours?.files ?? [], theirs?.files ?? []] as const;
        files.push(...compareFiles(key, listedFiles(paths[0]), listedFiles(paths[1])));
      }
    }
    return { files, unread };
  } finally {
    await scratch.remove();
  }
}

/** The files of a module on both sides, or why there are none to compare. */
async function bothSides(
  a: SystemSource,
  ours: DescribedModule,
  b: SystemSource,
  theirs: DescribedModule,
  { files, texts, signal }: CompareOptions,
  scratch: string,
): Promise<{ a: ModuleFile[]; b: ModuleFile[] } | string> {
  if (!files) return 'not looked into';
  const read = async (source: SystemSource, { file, leftOut }: DescribedModule) => {
    if (leftOut) return `${source.described.path} leaves it out`;
    const bytes = await source.moduleBytes(file);
    if (!bytes) return `${source.described.path} has it not, or unreadable`;
    try {
      return await readModuleFiles(bytes, { scratch, texts, signal });
    } catch (error) {
      if (!isDamage(error)) throw error;
      return `${source.described.path}: ${error.message}`;
    }
  };
  // One after the other: two engines unpacked at once need twice the disk.
  const left = await read(a, ours);
  if (typeof left === 'string') return left;
  const right = await read(b, theirs);
  if (typeof right === 'string') return right;
  // The kernel holds no files; a layer that is none any more is damaged.
  if ((left === undefined) !== (right === undefined)) {
    return `${(left ? b : a).described.path}: expected an archive of files, found none`;
  }
  return { a: left ?? [], b: right ?? [] };
}

/** What a host program refuses to unpack is damaged, as is what our own readers refuse. */
function isDamage(error: unknown): error is TwinbankError {
  if (!(error instanceof TwinbankError)) return false;
  return error.kind === 'corrupt' || error.code === 'host.tool-failed';
}

/** How many bytes of modules and packages one system has more than another. */
export function bytesMore(a: DescribedSystem, b: DescribedSystem): number {
  const total = ({ modules, packages }: DescribedSystem) =>
    [...modules, ...packages].reduce((sum, { bytes }) => sum + bytes, 0);
  return total(b) - total(a);
}

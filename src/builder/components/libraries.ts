import { basename } from 'node:path/posix';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentContext } from './component.ts';
import { mergedUsrPath } from './deb-archive.ts';
import { addEntry, type FileTree } from './file-tree.ts';
import type { LibraryPlan } from './library-plan.ts';
import { libraryDirectory } from './library-search.ts';
import { mapParallel } from './retry.ts';
import { readComponent } from './sources.ts';

/**
 * The planned libraries as files, each under the name it is needed by (no versioned file behind a link),
 * mode 0755, and the interpreter under the path that programs name. Throws as `readComponent`.
 */
export async function readLibraries(
  plan: LibraryPlan,
  context: ComponentContext,
): Promise<FileTree> {
  const used = new Set(plan.libraries.map(({ from }) => from));
  const packages = plan.packages.filter(({ id }) => used.has(id));
  const trees = await mapParallel(packages, 4, async (component) => {
    const files = new Set(
      plan.libraries.filter((row) => row.from === component.id).map((row) => row.file),
    );
    return [
      component.id,
      await readComponent(component, (path) => files.has(path), context),
    ] as const;
  });
  const byPackage = new Map(trees);
  const libraries: FileTree = new Map();
  for (const { from, file, path } of plan.libraries) {
    const entry = byPackage.get(from)?.get(file);
    if (entry?.type !== 'file') {
      throw new TwinbankError(
        'corrupt',
        'components.no-member',
        `${from}: expected the library ${file}, found ${entry?.type ?? 'nothing'}`,
      );
    }
    addEntry(libraries, path, { ...entry, mode: 0o755 });
  }
  for (const interpreter of plan.interpreters) {
    const path = mergedUsrPath(interpreter);
    const file = `${libraryDirectory}/${basename(interpreter)}`;
    if (path === file || libraries.has(path)) continue;
    const up = '../'.repeat(path.split('/').length - 2);
    const target = `${up}${file.slice('usr/'.length)}`;
    // Where another module brings the libc, it brings this link, too.
    if (libraries.has(file)) addEntry(libraries, path, { type: 'symlink', target });
  }
  return libraries;
}

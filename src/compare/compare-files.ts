import { type Change, changesBy } from './change.ts';
import type { ModuleFile } from './module-file.ts';

export type FileField = 'type' | 'content' | 'mode' | 'owner' | 'target';

/** A file in a module, on one side; of a module whose content is not there, only the path is known. */
export type ListedFile = Partial<Omit<ModuleFile, 'path'>> & { readonly path: string };

export interface FileChange extends Change<ListedFile> {
  readonly module: string;
  readonly path: string;
  /** What differs; nothing is listed of a file that only one side has. */
  readonly fields: readonly FileField[];
}

const fields: { readonly [F in FileField]: keyof ModuleFile } = {
  type: 'type',
  content: 'sha256',
  mode: 'mode',
  owner: 'owner',
  target: 'target',
};

/**
 * File by file what two modules have differently. Where the sides do not both have the contents, pass the
 * paths of their manifests for both: then only added and removed files can be told.
 */
export function compareFiles(
  module: string,
  a: readonly ListedFile[],
  b: readonly ListedFile[],
): FileChange[] {
  const changes = changesBy(
    a,
    b,
    ({ path }) => path,
    (one, other) => fieldsOf(one, other).length === 0,
  );
  return changes.map(({ key, ...change }) => ({
    module,
    path: key,
    ...change,
    fields: change.a && change.b ? fieldsOf(change.a, change.b) : [],
  }));
}

/** Files by their paths alone, as a manifest lists them. */
export function listedFiles(paths: readonly string[]): ListedFile[] {
  return paths.map((path) => ({ path }));
}

function fieldsOf(a: ListedFile, b: ListedFile): FileField[] {
  const names = Object.keys(fields) as FileField[];
  return names.filter((name) => a[fields[name]] !== b[fields[name]]);
}

import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FileRef } from './component-ref.ts';
import { type Diagnostic, diagnose } from './diagnostic.ts';
import { fileProblem, fileSource } from './recipe-file.ts';
import type { ResolvedRecipe } from './schema.ts';
import { nearestEntry, type Path, type Tree } from './tree.ts';

/**
 * Makes every `file:` path of `recipe` absolute, in place, from the directory of the file that set
 * it, and says which of them are not there (`cwd` is where the paths it shows start).
 */
export function resolveHostFiles(recipe: ResolvedRecipe, tree: Tree, cwd: string): Diagnostic[] {
  return resolveFileRefs(recipe, tree, cwd);
}

/** The same for anything that a tree stands for, such as an OEM provider. */
export function resolveFileRefs(value: object, tree: Tree, cwd: string): Diagnostic[] {
  return fileRefs(value, []).flatMap(([ref, within]) => {
    const { value, path } = nearestEntry(tree, within);
    ref.path = resolve(value.place.source.directory, ref.path);
    const kind = kindAt(path);
    const found = findProblem(ref.path, kind);
    if (found === undefined) return [];
    const expected = expectedKinds[kind];
    return diagnose(value.place, path, expected, `${found} at ${fileSource(ref.path, cwd).shown}`);
  });
}

/** The paths of all `file:` references in a recipe or a provider. */
export function referencedFiles(value: object): string[] {
  return fileRefs(value, []).map(([ref]) => ref.path);
}

type Kind = keyof typeof expectedKinds;
const expectedKinds = {
  directory: 'a directory that exists',
  file: 'a file that exists',
  oem: 'a folder with a provider.yaml, or a packed .oem file, that exists',
  any: 'a file that exists',
};

function kindAt(path: Path): Kind {
  if (path[0] === 'oem') return 'oem';
  if (['trust', 'support', 'driverFiles', 'cim', 'defaults'].includes(String(path[0])))
    return 'file';
  if (path.includes('packages') && path.includes('files')) return 'file';
  return path.at(-1) === 'files' ? 'directory' : 'any';
}

function findProblem(path: string, kind: Kind): string | undefined {
  try {
    const status = statSync(path);
    accessSync(path, constants.R_OK);
    if (kind === 'directory' && !status.isDirectory()) return 'no directory';
    if (kind === 'file' && !status.isFile()) return 'no regular file';
    return undefined;
  } catch (error) {
    return fileProblem(error);
  }
}

function fileRefs(value: unknown, path: Path): [FileRef, Path][] {
  if (isFileRef(value)) return [[value, path]];
  if (Array.isArray(value)) return value.flatMap((item, index) => fileRefs(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => fileRefs(item, [...path, key]));
}

function isFileRef(value: unknown): value is FileRef {
  return (
    typeof value === 'object' && value !== null && 'scheme' in value && value.scheme === 'file'
  );
}

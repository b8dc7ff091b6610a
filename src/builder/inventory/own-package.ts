import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../host/package-root.ts';
import { type InventoryPackage, npmPackage, uniquePackages } from './package.ts';
import { packageFolder } from './package-folder.ts';

/** twinbank itself: whatever a module of the base has from no component, it wrote or made. */
export function ownPackage(): InventoryPackage {
  const about = aboutOf(packageRoot());
  // What it is bundled with is listed with each bundle: of its dependencies nothing else is in an image.
  return { ...npmPackage({ ...about, dependencies: {} }), supplier: 'twinbank' };
}

/** The packages that these inputs of a bundle are from (paths from `root`, as esbuild has them), by name. */
export function bundledPackages(
  inputs: readonly string[],
  root = packageRoot(),
): InventoryPackage[] {
  const folders = inputs.flatMap((path) => packageFolder(path, root) ?? []);
  const found = [...new Set(folders)]
    .sort()
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => npmPackage(aboutOf(folder)));
  return uniquePackages(found);
}

function aboutOf(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

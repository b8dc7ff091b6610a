import { resolve } from 'node:path';

/**
 * The folder of the package in node_modules that an input of a bundle is from, absolute; undefined for a file of twinbank
 * itself. `path` is as esbuild has it, from `root`, twinbank's own folder: an installed twinbank lies in node_modules itself,
 * and has its dependencies beside it.
 */
export function packageFolder(path: string, root: string): string | undefined {
  const isOutside = path.startsWith('../');
  if (!isOutside && !/(^|\/)node_modules\//.test(path)) return undefined;
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(resolve(root, path))?.[0];
}

import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { assertNoMissingDevice, ifThere } from './output-place.ts';

/**
 * Before anything is made in a folder: that it is one, or can be made. `name` is what the person calls it. Throws `output.folder`
 * (kind `io`) where it, or a part of its path, is something else, and `output.no-device` as {@link assertNoMissingDevice} does.
 */
export function assertOutputFolder(path: string, name = path): void {
  assertNoMissingDevice(path, name);
  const obstacle = obstacleTo(path);
  if (!obstacle) return;
  const found =
    obstacle.path === path ? obstacle.what : `${obstacle.path}, which is ${obstacle.what}`;
  const message = `${name}: expected a folder, or a name to make one of, found ${found}`;
  throw new TwinbankError('io', 'output.folder', message, { data: { path: name } });
}

/** What is no folder where a folder has to be: at a path, or above it. */
function obstacleTo(path: string): { readonly path: string; readonly what: string } | undefined {
  for (let at = path; ; at = dirname(at)) {
    const there = ifThere(at, statSync);
    if (there?.isDirectory()) return undefined;
    if (there) return { path: at, what: kindOf(there) };
    if (ifThere(at, lstatSync)) return { path: at, what: 'a link that leads to nothing' };
  }
}

function kindOf(there: Stats): string {
  return there.isFile() ? 'a file' : 'a device, pipe or socket';
}

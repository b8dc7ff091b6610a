import { lchownSync, lstatSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { AgentUser } from '../../agents/agent.ts';
import { assertOwnFolder } from '../../system/root-file.ts';

/** Where attributes and devices are. */
const places = ['sys', 'dev'];

/**
 * Gives a user an attribute of /sys (by whatever links of the kernel's) or a device of /dev, below `root`, and returns its path without
 * links. Throws an Error, and changes
 * nothing, for what lies elsewhere, for a folder, and for what is in a folder where others may write.
 */
export function grantPath(path: string, user: AgentUser, root: string): string {
  const top = realpathSync(root);
  const real = realpathSync(path);
  const [place = '', ...names] = relative(top, real).split(sep);
  if (!places.includes(place) || names.length === 0) {
    throw new Error(`${path}: expected an attribute of /sys or a device of /dev, found ${real}`);
  }
  for (
    let folder = join(top, place), rest = [...names];
    ;
    folder = join(folder, rest.shift() ?? '')
  ) {
    assertOwnFolder(folder);
    if (folder === dirname(real)) break;
  }
  if (lstatSync(real).isDirectory()) {
    throw new Error(`${path}: expected an attribute or a device, found a folder`);
  }
  lchownSync(real, user.uid, user.gid);
  return real;
}

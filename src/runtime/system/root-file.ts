import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const othersMayWrite = 0o022;

/** Who this process is: root, but in tests of somebody who is not. */
const self = (): number => process.getuid?.() ?? 0;

/**
 * Throws for a folder in which another user may make, replace or remove a name, one sentence: what is opened, written, given away or
 * removed by a name there may be a link to anywhere, a pipe that nobody reads, or somebody else's the next moment.
 */
export function assertOwnFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const wrong = (what: string): Error =>
    new Error(`${folder}: expected a folder that only its owner may write, found ${what}`);
  if (!found) throw wrong('none');
  if (!found.isDirectory()) throw wrong('something else');
  if (found.uid !== self()) throw wrong(`one of user ${found.uid}`);
  if ((found.mode & othersMayWrite) !== 0) throw wrong('one that others may write, too');
}

/** Removes a name from a folder of our own, if it is there. Throws as {@link assertOwnFolder}. */
export function removeOwnFile(path: string): void {
  assertOwnFolder(dirname(path));
  rmSync(path, { force: true });
}

export interface NewFile {
  /** Whatever the umask is. */
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Makes a new file in a folder of our own, in place of what has the name. Throws as {@link assertOwnFolder}. */
export function createOwnFile(
  path: string,
  bytes: string | Uint8Array,
  { mode, owner }: NewFile,
): void {
  removeOwnFile(path);
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(fd, bytes);
    // Only a whole file is for others.
    if (owner) fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

/** {@link createOwnFile} at once: whoever reads sees the file before or this one. */
export function replaceOwnFile(path: string, bytes: string | Uint8Array, file: NewFile): void {
  createOwnFile(`${path}.new`, bytes, file);
  renameSync(`${path}.new`, path);
}

/** Adds to the end of a file that is there. Throws as {@link openOwnFile}. */
export function appendToOwnFile(path: string, bytes: Uint8Array): void {
  const fd = openOwnFile(path, O_WRONLY | O_APPEND);
  try {
    writeFileSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a plain file of our own in a folder of our own, and never waits. Throws for a link, a pipe, or a file of somebody else, and as
 * {@link assertOwnFolder}. The caller closes it.
 */
export function openOwnFile(path: string, flags: number = O_RDONLY): number {
  assertOwnFolder(dirname(path));
  const fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
  try {
    assertOwnFile(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function assertOwnFile(path: string, found: Stats): void {
  if (found.isFile() && found.uid === self()) return;
  const what = found.isFile() ? `one of user ${found.uid}` : 'something else';
  throw new Error(`${path}: expected a plain file of our own, found ${what}`);
}

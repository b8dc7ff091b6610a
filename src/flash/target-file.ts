import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { assertOutputFolder } from '../disk/output-folder.ts';
import { ifThere, outputPlace } from '../disk/output-place.ts';
import { isFileLocked } from '../host/device/file-locks.ts';
import { systemFolders } from '../host/device/sysfs.ts';

/**
 * The path under which the result will stand: of a link, what it leads to, as the link stays. Refuses
 * (kind `refused`) `flash.target-exists` unless it may be overwritten, `flash.target-device`,
 * `flash.target-special`, `flash.same-file`, `flash.in-use`, `output.no-device`; throws `flash.no-folder` (kind `io`).
 */
export function checkTargetFile(
  target: string,
  image: string | undefined,
  overwrite: boolean,
): string {
  const place = outputPlace(target);
  if (place.kind === 'descriptor') throw special(target, 'what this program was started with');
  const { path, there } = place;
  if (there) assertReplaceable(target, there, image, overwrite);
  else if (!ifThere(dirname(path), statSync)?.isDirectory()) {
    assertOutputFolder(dirname(path));
    const message = `${dirname(path)}: expected a folder for the new file, found none`;
    throw new TwinbankError('io', 'flash.no-folder', message);
  }
  return path;
}

function special(target: string, found: string): TwinbankError {
  const expected = 'a plain file, a block device or - for standard output';
  const message = `${target}: expected ${expected}, found ${found}`;
  return new TwinbankError('refused', 'flash.target-special', message, { data: { target } });
}

function assertReplaceable(
  target: string,
  there: Stats,
  image: string | undefined,
  overwrite: boolean,
): void {
  const refuse = (code: string, expected: string, found: string) => {
    const message = `${target}: expected ${expected}, found ${found}`;
    throw new TwinbankError('refused', code, message, { data: { target } });
  };
  if (there.isBlockDevice()) {
    refuse('flash.target-device', 'a plain file', 'a block device');
  }
  if (!there.isFile()) {
    throw special(target, there.isDirectory() ? 'a folder' : 'a terminal, pipe or socket');
  }
  const source = image === undefined ? undefined : statSync(image);
  if (source && source.dev === there.dev && source.ino === there.ino) {
    refuse('flash.same-file', 'another file than the image', 'the image itself');
  }
  if (!overwrite) {
    refuse('flash.target-exists', 'no file of this name', 'one; --yes replaces it');
  }
  if (isFileLocked(target, systemFolders, false)) {
    const found = 'a lock on it: a virtual machine or another program has it open';
    refuse('flash.in-use', 'a disk file that nobody uses', found);
  }
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type ArMember, readArMembers } from './ar.ts';
import { unpackedRange } from './decompress.ts';
import type { FileTree } from './file-tree.ts';
import { type PathFilter, readTarTree, type TarTree } from './tar-tree.ts';

/**
 * The wanted files of a Debian package (deb(5)) in memory; the rest streams by. Paths are those of a
 * merged /usr (`lib/x` is `usr/lib/x`), whichever way the package has them, for `want` too.
 * Throws kind `corrupt` for what is no package, is cut short or leads out of its tree.
 */
export async function readDeb(
  path: string,
  want: PathFilter,
  signal?: AbortSignal,
): Promise<FileTree> {
  const first = await readData(path, want, signal);
  if (first.missingTargets.size === 0) return first.tree;
  // A wanted hard link to a file that came by unwanted: once more, for both.
  const again = await readData(
    path,
    (name) => want(name) || first.missingTargets.has(name),
    signal,
  );
  const [lost] = again.missingTargets;
  if (lost !== undefined) {
    throw new TwinbankError(
      'corrupt',
      'components.archive-entry',
      `${path}: expected the target ${lost} of a hard link, found none`,
    );
  }
  return new Map([...again.tree].filter(([name]) => want(name)));
}

/** The control fields of a Debian package, by name, continuation lines joined by newlines. */
export async function readDebControl(path: string): Promise<Map<string, string>> {
  const member = debMember(path, 'control.tar');
  const { tree } = await readTarTree(
    unpackedRange(path, member),
    path,
    (name) => name === 'control',
  );
  const control = tree.get('control');
  if (control?.type !== 'file') {
    throw new TwinbankError(
      'corrupt',
      'deb.control',
      `${path}: expected a control file, found none`,
    );
  }
  return parseControl(Buffer.from(control.data).toString('utf8'));
}

/** Fields of one control stanza (Debian Policy 5.1): `Name: value`, continued by lines that begin with a blank. */
export function parseControl(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    const field = /^([!-9;-~]+):\s*(.*)$/.exec(line);
    if (/^[ \t]/.test(line) && name !== undefined) {
      fields.set(name, `${fields.get(name)}\n${line.trim()}`);
    } else if (field?.[1] !== undefined) {
      name = field[1];
      fields.set(name, field[2] ?? '');
    }
  }
  return fields;
}

/** Directories that a merged /usr has as links to `usr/NAME` (Debian's usrmerge). */
const mergedDirectories = /^(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/;

/** A path as a system with merged /usr has it: `lib64/ld.so` is `usr/lib64/ld.so`. */
export function mergedUsrPath(path: string): string {
  return path.replace(mergedDirectories, 'usr/$1');
}

function readData(
  path: string,
  want: PathFilter,
  signal: AbortSignal | undefined,
): Promise<TarTree> {
  const member = debMember(path, 'data.tar');
  return readTarTree(unpackedRange(path, member, signal), path, want, mergedUsrPath);
}

function debMember(path: string, name: string): ArMember {
  const file = openSync(path, 'r');
  try {
    const readAt = (offset: number, length: number) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
    };
    const members = readArMembers(readAt, fstatSync(file).size, path);
    const found = members.find(
      (member) => member.name === name || member.name.startsWith(`${name}.`),
    );
    if (members[0]?.name !== 'debian-binary' || !found) {
      throw new TwinbankError(
        'corrupt',
        'deb.members',
        `${path}: expected the members debian-binary and ${name}.*, found ${members.map((member) => member.name).join(', ') || 'none'}`,
      );
    }
    return found;
  } finally {
    closeSync(file);
  }
}

import { readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from './block-device.ts';

/** What somebody changes of an image: bytes that belong to no manifest (marks, state, journal), or what its banks hold. */
export type ImageChange = 'marks' | 'system';

interface DocumentRow {
  /** Behind the image's name without its own ending, or with it. */
  readonly ending: string;
  /** The least change that makes it untrue. */
  readonly untrueBy: ImageChange;
  /** Whether a file of this name is one: another program's is not ours to remove. */
  isOne(text: string): boolean;
}

/**
 * What a build puts beside an image and says of it. The lock is not among them: it says what a build takes, whatever
 * becomes of an image.
 */
const documents: readonly DocumentRow[] = [
  { ending: 'bmap', untrueBy: 'marks', isOne: (text) => /<bmap\b/.test(text) },
  { ending: 'manifest.json', untrueBy: 'system', isOne: hasMembers('schemaVersion', 'image') },
  { ending: 'cdx.json', untrueBy: 'system', isOne: hasMembers('bomFormat') },
  { ending: 'provenance.json', untrueBy: 'system', isOne: hasMembers('_type', 'predicate') },
  { ending: 'provenance.dsse.json', untrueBy: 'system', isOne: hasMembers('payloadType') },
];

export const documentEndings: readonly string[] = documents.map(({ ending }) => ending);

const imageEnding = /\.(img|raw|qcow2|vmdk|ova)$/;
/** More than any of them has; what is larger is somebody else's. */
const maxDocumentBytes = 2 ** 26;

/**
 * Where a document of an image may lie: `NAME.bmap` as a build names it, or `NAME.img.bmap` as others do. Of the images of one
 * build `NAME.img` has the first kind, wherever it is there.
 */
export function documentPaths(path: string, ending: string): string[] {
  const stem = path.replace(imageEnding, '');
  const raw = `${stem}.img`;
  if (raw !== path && statSync(raw, { throwIfNoEntry: false })?.isFile())
    return [`${path}.${ending}`];
  return [...new Set([`${stem}.${ending}`, `${path}.${ending}`])].filter((one) => one !== path);
}

interface Withdrawal {
  readonly change: ImageChange;
  /** Those of this image stay, whatever lies beside the other one. */
  readonly except?: string | undefined;
}

/**
 * Removes what lies beside an image and will be untrue once it is changed; before that, as a crash in between must leave
 * no lie. Of a link also what lies beside the image itself. Returns their names. Throws `image.document` (kind `io`)
 * where one cannot be removed.
 */
export function withdrawDocuments(path: string, { change, except }: Withdrawal): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return [];
  const places = [...new Set([path, realPath(path)])];
  const others = except === undefined ? [] : [except, realPath(except)];
  const kept = documents.flatMap((row) => pathsOf(row, others)).map(realPath);
  return documents
    .filter(({ untrueBy }) => untrueBy === 'marks' || change === 'system')
    .flatMap((row) => pathsOf(row, places).filter((one) => isThere(one, row)))
    .filter((one) => !kept.includes(realPath(one)))
    .map((one) => {
      remove(one, path);
      return one;
    });
}

/** One sentence for people. */
export function withdrawnText(image: string, withdrawn: readonly string[]): string {
  const names = withdrawn.map((one) => join(dirname(image), basename(one))).join(', ');
  return `${names}: removed, as ${image} is changed and no longer what ${withdrawn.length === 1 ? 'it says' : 'they say'}`;
}

/** A device that does something before the first write to it, once. */
export function beforeFirstWrite(device: BlockDevice, act: () => void): BlockDevice {
  let written = false;
  return {
    size: device.size,
    read: (offset, length, scratch) => device.read(offset, length, scratch),
    write(offset, bytes) {
      if (!written) act();
      written = true;
      device.write(offset, bytes);
    },
    flush: () => device.flush(),
  };
}

function hasMembers(...members: readonly string[]): (text: string) => boolean {
  return (text) => {
    try {
      const document: unknown = JSON.parse(text);
      return Object(document) === document && members.every((one) => one in Object(document));
    } catch {
      return false;
    }
  };
}

function pathsOf({ ending }: DocumentRow, places: readonly string[]): string[] {
  return [...new Set(places.flatMap((place) => documentPaths(place, ending)))];
}

function isThere(path: string, { isOne }: DocumentRow): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > maxDocumentBytes) return false;
  return isOne(readFileSync(path, 'utf8'));
}

function realPath(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;
}

function remove(path: string, image: string): void {
  try {
    rmSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `${path}: could not remove it (${code}), though it will be untrue once ${image} is changed`;
    throw new TwinbankError('io', 'image.document', message, { cause: error, data: { path } });
  }
}

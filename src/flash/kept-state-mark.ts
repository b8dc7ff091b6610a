import { createHash } from 'node:crypto';
import type { BlockDevice } from '../disk/block-device.ts';

/** The first sector of the table's entries: without a header nobody reads it, and the new table takes its place. */
const markOffset = 2 * 512;
const markPattern =
  /^twinbank flash: state kept as ([\w.-]{1,80})(?: sha256 ([0-9a-f]{64}))?\n\0*$/;

/** What a disk says of its state that is kept elsewhere. */
export interface KeptStateMark {
  readonly name: string;
  /** Of the copy, in hexadecimal digits; versions before this one have left none. */
  readonly sha256: string | undefined;
}

/**
 * What stands in place of a disk's table while it is flashed with its state kept elsewhere: under which name, and the hash
 * of it. So the copy finds its disk again, whatever its serial number is and whoever shares it, and the disk its copy alone: what is cut short,
 * and that of another disk, has another hash. A sector is written whole or not at all.
 */
export function markOfKeptState(
  name: string,
  content: Uint8Array,
): {
  readonly offset: number;
  readonly bytes: Uint8Array;
} {
  const bytes = new Uint8Array(512);
  const text = `twinbank flash: state kept as ${name} sha256 ${sha256Of(content)}\n`;
  bytes.set(Buffer.from(text));
  return { offset: markOffset, bytes };
}

/** The mark of a disk whose flash was broken off, or undefined. */
export function readKeptStateMark(disk: BlockDevice): KeptStateMark | undefined {
  if (disk.size < markOffset + 512) return undefined;
  const text = Buffer.from(disk.read(markOffset, 512)).toString('latin1');
  const [, name, sha256] = markPattern.exec(text) ?? [];
  return name === undefined ? undefined : { name, sha256 };
}

/** Whether this is the copy that a mark is of. */
export function isKeptState({ sha256 }: KeptStateMark, content: Uint8Array): boolean {
  return sha256Of(content) === sha256;
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

import type { BlockDevice } from '../disk/block-device.ts';

/** The first sector of the table's entries: without a header nobody reads it, and the new table takes its place. */
const markOffset = 2 * 512;
const markPattern = /^twinbank flash: state kept as ([\w.-]{1,80})\n\0*$/;

/**
 * What stands in place of a disk's table while it is flashed with its state kept elsewhere: under which name. So the copy
 * finds its disk again, whatever its serial number is and whoever shares it. A sector is written whole or not at all.
 */
export function markOfKeptState(name: string): {
  readonly offset: number;
  readonly bytes: Uint8Array;
} {
  const bytes = new Uint8Array(512);
  bytes.set(Buffer.from(`twinbank flash: state kept as ${name}\n`));
  return { offset: markOffset, bytes };
}

/** The name in the mark of a disk whose flash was broken off, or undefined. */
export function readKeptStateMark(disk: BlockDevice): string | undefined {
  if (disk.size < markOffset + 512) return undefined;
  const text = Buffer.from(disk.read(markOffset, 512)).toString('latin1');
  return markPattern.exec(text)?.[1];
}

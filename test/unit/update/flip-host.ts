import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { payload } from '../disk/fat/trees.ts';
import type { Part } from './bundle/small-bundle.ts';
import { acmeOf, type Build, bundleOf, makeBuild } from './cut-builds.ts';
import { type CutDisk, cutDisk } from './cut-disk.ts';
import { cutHost } from './cut-host.ts';

/** Small enough to be read and verified some ten thousand times. */
export const flipBuilds = {
  current: smallBuild('1.1.0-110', 1),
  next: smallBuild('1.2.0-120', 11),
} as const;

function smallBuild(name: string, seed: number): Build {
  const files = {
    vmkernel: payload(1500, seed),
    'boot.v00': payload(2000, seed + 1),
    'engine.v00': payload(3070, seed + 2),
  };
  const oem = acmeOf({ 'acmecim.v00': payload(1020, seed + 3) });
  return makeBuild(name, files, { 'tool_1.deb': payload(1000, seed + 4) }, oem);
}

/** A host with the current build in both banks, 5 being the first in order. */
export function flipDisk(): CutDisk {
  const { current } = flipBuilds;
  return cutDisk(cutHost({ bankMebibytes: 3, current, before: current, newestState: 'kept' }));
}

/** Its bundle: all of the next build, with the OEM. */
export const flipBundle = (): Promise<Buffer> => bundleOf(flipBuilds.next);

/** Flips a bit for as long as `use` runs. */
export async function whileFlipped<T>(
  bytes: Uint8Array,
  bit: number,
  use: () => T | Promise<T>,
): Promise<T> {
  const flip = () => {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  };
  flip();
  try {
    return await use();
  } finally {
    flip();
  }
}

/** Flips a bit of a file where it is on a disk, for as long as `use` runs. */
export function whileFileFlipped<T>(
  device: BlockDevice,
  file: string,
  bit: number,
  use: () => T,
): T {
  const volume = openFat(device);
  const flip = () => {
    const [byte = 0] = volume.readRange(file, bit >> 3, 1);
    volume.overwrite(file, bit >> 3, Uint8Array.of(byte ^ (1 << (bit & 7))));
  };
  flip();
  try {
    return use();
  } finally {
    flip();
  }
}

/** All bits of a part of something. */
export function allBits({ offset, length }: Pick<Part, 'offset' | 'length'>): number[] {
  return Array.from({ length: length * 8 }, (_, index) => offset * 8 + index);
}

/** One bit of each byte, each in its turn. */
export function bitOfEachByte({ offset, length }: Pick<Part, 'offset' | 'length'>): number[] {
  return Array.from({ length }, (_, index) => (offset + index) * 8 + ((index * 5) & 7));
}

/** At most so many bits, from all over a part. */
export function bitsOver(
  { offset, length }: Pick<Part, 'offset' | 'length'>,
  count: number,
): number[] {
  const step = (length * 8) / count;
  const bits = Array.from({ length: count }, (_, index) => offset * 8 + Math.floor(index * step));
  return length === 0 ? [] : [...new Set(bits)];
}

/** All bits of the first and last two bytes, and so many from all over the rest. */
export function someBits(part: Pick<Part, 'offset' | 'length'>, count: number): number[] {
  const { offset, length } = part;
  if (length === 0) return [];
  const ends = [offset, offset + length - 2].flatMap((at) => allBits({ offset: at, length: 2 }));
  return [...new Set([...ends, ...bitsOver(part, count)])];
}

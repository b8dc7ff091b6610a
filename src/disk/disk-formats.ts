import type { BlockDevice } from './block-device.ts';
import type { Extent } from './extents.ts';
import { writeQcow2File } from './qcow2/file.ts';
import { openQcow2 } from './qcow2/reader.ts';
import { writeVmdkFile } from './vmdk/file.ts';
import { openVmdk } from './vmdk/reader.ts';

/** A disk, and what of it is stored; everything else is zero. */
export interface DiskContent {
  readonly device: BlockDevice;
  readonly extents: readonly Extent[];
}

/** What a file is for: to be handed on and imported, or to be the disk that a machine runs from. */
export type DiskFileUse = 'transfer' | 'run';

/** A form in which a file holds a disk that is not the disk itself, byte by byte. */
export interface DiskFormat {
  /** As `build --format` names it. */
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  /** Of a file's name, without the dot. */
  readonly ending: string;
  /** What such a file begins with, in Latin-1. */
  readonly magic: string;
  /** Throws kind `corrupt` for a file that begins so and is none, or has what is not read. */
  open(file: BlockDevice): BlockDevice & { dataExtents(): Extent[] };
  /** Writes a new file; `fileName` is the name that it will have. Throws kind `io`. */
  write(
    path: string,
    disk: DiskContent,
    target: { readonly fileName: string; readonly use: DiskFileUse },
  ): Promise<void>;
}

/** What `build` writes, `flash` makes and every command reads, a row each; `raw` is none of them. */
export const diskFormats = [
  {
    name: 'qcow2',
    title: 'qcow2',
    ending: 'qcow2',
    magic: 'QFI\xfb',
    open: openQcow2,
    write: writeQcow2File,
  },
  // vSphere and its tools import streamOptimized; no machine runs from it.
  {
    name: 'vmdk',
    title: 'VMDK',
    ending: 'vmdk',
    magic: 'KDMV',
    open: openVmdk,
    write: (path, disk, { fileName, use }) => {
      const type = use === 'transfer' ? 'streamOptimized' : 'monolithicSparse';
      return writeVmdkFile(path, disk, { type, fileName });
    },
  },
] as const satisfies readonly DiskFormat[];

export type DiskFormatName = (typeof diskFormats)[number]['name'];

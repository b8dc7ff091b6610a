import { type BlockDevice, sliceDevice } from '../disk/block-device.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import type { LoaderHashes } from './bank-manifest.ts';
import { coreImageEndLba, coreImageLba } from './core-image-place.ts';
import { unlessDamaged } from './damage.ts';
import { type SignedStatement, splitGrubCfg } from './grub-cfg-parts.ts';
import { imagePartition } from './image-partitions.ts';
import { sha256 } from './sum-file.ts';

/** What firmware and GRUB read of the loader's partition. */
export const bootx64Path = 'EFI/BOOT/BOOTX64.EFI';
export const grubCfgPath = 'grub/grub.cfg';

/** Bytes of LBA 0 that are code; the disk's own signature follows (UEFI 2.10 table 5-1). */
const bootCodeBytes = 440;
const sector = 512;

/** Each part by what people call it. */
export const loaderPartNames: Readonly<Record<keyof LoaderHashes, string>> = {
  bootCode: 'boot code of LBA 0',
  coreImage: `core image from LBA ${coreImageLba} on`,
  bootx64: bootx64Path,
  grubCfg: grubCfgPath,
};

export const loaderPartKeys = Object.keys(loaderPartNames) as (keyof LoaderHashes)[];

/** What of a loader is hashed; of `grubCfg` the script, without a statement. */
export interface LoaderContents {
  readonly bootCode: Uint8Array;
  readonly coreImage: Uint8Array;
  readonly bootx64: Uint8Array;
  readonly grubCfg: string;
}

/** The hashes of a loader that was just made. */
export function hashLoader(loader: LoaderContents): LoaderHashes {
  const part = (bytes: Uint8Array) => ({ bytes: bytes.length, sha256: sha256(bytes) });
  return {
    bootCode: part(loader.bootCode),
    coreImage: part(loader.coreImage),
    bootx64: part(loader.bootx64),
    grubCfg: part(Buffer.from(loader.grubCfg)),
  };
}

/** The loader of a disk, read part by part. */
export interface DiskLoader {
  /** Whether a part is on the disk as it is listed; one that cannot be read is not. */
  holds(part: keyof LoaderHashes, listed: LoaderHashes): boolean;
  /** What its grub.cfg says of the build that it came with; whether that is to be believed is another question. */
  readonly statement: SignedStatement | undefined;
  /**
   * Files that firmware or GRUB could take for their own, beside those that an image has. Throws kind `corrupt` or `io` where their volume
   * is broken: then nobody can tell.
   */
  strangers(): readonly string[];
}

/** Reads the loader of a disk; damage is what is not there. */
export function readLoader(disk: BlockDevice, partitions: readonly GptPartition[]): DiskLoader {
  const place = partitions.find((one) => imagePartition(one)?.role === 'loader');
  const volume = quietly(() => place && openFat(partitionDevice(disk, place)));
  const grubCfg = quietly(() => readFile(volume, grubCfgPath));
  const { script, statement } = splitGrubCfg(grubCfg ?? new Uint8Array());
  const known = new Map<string, string>();
  const hashOf = (part: keyof LoaderHashes, bytes: number): string | undefined => {
    const key = `${part} ${bytes}`;
    const found =
      known.get(key) ??
      quietly(() => {
        const content = contentOf(part, bytes);
        return content?.length === bytes ? sha256(content) : undefined;
      });
    if (found !== undefined) known.set(key, found);
    return found;
  };
  const contentOf = (part: keyof LoaderHashes, bytes: number): Uint8Array | undefined => {
    switch (part) {
      case 'bootCode':
        return disk.read(0, bootCodeBytes);
      case 'coreImage': {
        const room = (coreImageEndLba - coreImageLba) * sector;
        return bytes > room
          ? undefined
          : sliceDevice(disk, coreImageLba * sector, room).read(0, bytes);
      }
      case 'bootx64':
        return readFile(volume, bootx64Path);
      case 'grubCfg':
        return script;
    }
  };
  return {
    holds: (part, listed) => hashOf(part, listed[part].bytes) === listed[part].sha256,
    statement,
    strangers: () => (volume ? strangersOf(volume) : []),
  };
}

function readFile(volume: FatVolume | undefined, path: string): Uint8Array | undefined {
  const entry = volume?.stat(path);
  return volume && entry && !entry.directory ? volume.read(path) : undefined;
}

/**
 * GRUB reads lists and modules beside its configuration, and firmware looks for other names beside ours: what lies
 * there can be run.
 */
function strangersOf(volume: FatVolume): string[] {
  const own = [bootx64Path, grubCfgPath];
  const isOwn = (path: string) => own.some((one) => one.toLowerCase() === path.toLowerCase());
  return volume.walk().flatMap(({ path, directory }) => {
    const file = path.slice(1);
    return !directory && /^(efi\/boot|grub)\//i.test(file) && !isOwn(file) ? [file] : [];
  });
}

function quietly<T>(read: () => T): T | undefined {
  return unlessDamaged(read, () => {});
}

import { hashOr } from '../bootloader/bank-contents.ts';
import { bankFiles } from '../bootloader/bank-volume.ts';
import { sha256 } from '../bootloader/sum-file.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { Extent } from '../disk/extents.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { StoredPackage, StorePlan } from './plan-store.ts';
import { encodeStoreList } from './store-volume.ts';

export interface OpenStore {
  readonly volume: FatVolume;
  /** Where the bytes of each new package go, by its name. */
  readonly places: ReadonlyMap<string, { package: StoredPackage; extents: readonly Extent[] }>;
}

/** Removes what no bank needs and gives the new packages their places; the list comes with {@link finishStore}. */
export function layOutStore(device: BlockDevice, plan: StorePlan): OpenStore {
  const volume = openFat(device);
  for (const path of plan.remove) if (volume.stat(path)) volume.remove(path);
  removeEmptyFolders(volume);
  // What was removed is free from here on.
  volume.flush();
  const places = new Map<string, { package: StoredPackage; extents: readonly Extent[] }>();
  for (const one of plan.add) {
    volume.mkdir(one.path.slice(0, one.path.lastIndexOf('/')));
    places.set(one.name, { package: one, extents: volume.place(one.path, one.bytes) });
  }
  return { volume, places };
}

/** Lists the packages of the new build and makes all of it permanent. */
export function finishStore({ volume }: OpenStore, plan: StorePlan): void {
  volume.mkdir('builds');
  volume.write(`builds/${plan.list.build}.json`, encodeStoreList(plan.list));
  volume.flush();
}

/**
 * Reads the new packages and their list back; the caller has dropped the caches. Throws `update.not-kept`
 * (kind `io`).
 */
export function readBackStore(device: BlockDevice, plan: StorePlan): void {
  const list = `builds/${plan.list.build}.json`;
  const written = [...plan.add, { path: list, sha256: sha256(encodeStoreList(plan.list)) }];
  const files = bankFiles(openFat(device), device);
  for (const { path, sha256: expected } of written) {
    if (hashOr(files, path) === expected) continue;
    const message = `store: expected ${path} to read back as it was written, found other bytes: the medium does not keep its data`;
    throw new TwinbankError('io', 'update.not-kept', message, { data: { file: path } });
  }
}

function removeEmptyFolders(volume: FatVolume): void {
  for (const { path, directory } of volume.walk().reverse()) {
    const inPackages = directory && path.startsWith('/packages/');
    if (inPackages && volume.list(path).length === 0) volume.remove(path);
  }
}

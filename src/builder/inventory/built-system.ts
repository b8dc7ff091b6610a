import type { PreparedImage } from '../build-image.ts';
import { readLoaderInventory } from './grub-packages.ts';
import type { SystemInventory } from './system.ts';

/** What a build that is about to be composed consists of: the same that `inspect` reads out of its image. */
export function systemOf({ manifests, modules, parts, stored }: PreparedImage): SystemInventory {
  const [base] = manifests;
  const inventories = modules.flatMap(({ inventory }) => inventory);
  return {
    product: base?.manifest.product ?? '',
    build: base?.manifest.build ?? '',
    modules: modules.map(({ name, fileName, version, vendor, kind, sha256 }) => {
      const inventory = inventories.find((one) => one.module === name);
      return { name, file: fileName, version, vendor, kind, sha256, inventory };
    }),
    store: stored,
    loader: readLoaderInventory(parts.loader.grubCfg),
  };
}

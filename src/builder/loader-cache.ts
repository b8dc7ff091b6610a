import { readFile } from 'node:fs/promises';
import { buildLoader, type Loader, loaderInputs } from '../bootloader/core-image.ts';
import { fontName } from '../bootloader/grub-plan.ts';
import { toolMissing } from '../host/run-tool.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { ComponentContext } from './components/component.ts';
import { getOrBuild } from './components/derived.ts';
import { sha256 } from './components/digest.ts';
import { inventoryComment, loaderInventory } from './inventory/grub-packages.ts';
import type { Layout } from './layout.ts';
import { toolVersion } from './tool-version.ts';

/** Files that differ in every release of GRUB: what stands for the whole package in the key. */
const grubFiles = [
  ['/usr/lib/grub/i386-pc/kernel.img', 'GRUB for BIOS'],
  ['/usr/lib/grub/i386-pc/normal.mod', 'GRUB for BIOS'],
  ['/usr/lib/grub/x86_64-efi/kernel.img', 'GRUB for UEFI'],
  ['/usr/lib/grub/x86_64-efi/normal.mod', 'GRUB for UEFI'],
  [`/usr/share/grub/${fontName}`, 'grub-mkimage'],
] as const;

/** Raised whenever the same inputs would give other bytes than before. */
const loaderFormat = 3;

/** The loader for a layout's banks, from the cache where the host's GRUB and our rules are the same. */
export async function loadLoader(
  recipe: ResolvedRecipe,
  layout: Layout,
  components: ComponentContext,
): Promise<Loader> {
  const { cache, signal } = components;
  const banks = layout.partitions.filter(({ role }) => role === 'bank').map(({ number }) => number);
  const options = { banks, hiddenTimeout: recipe.bootloader.timeoutSeconds };
  const grub = await Promise.all(
    grubFiles.map(async ([path, tool]) =>
      sha256(
        await readFile(path).catch(() => {
          throw toolMissing(tool);
        }),
      ),
    ),
  );
  // Not the sources: this program may have been bundled from older ones.
  const key = sha256(JSON.stringify(['loader', loaderFormat, loaderInputs(options), grub]));
  const { path, meta } = await getOrBuild(cache, key, async () => {
    const loader = await buildLoader({ ...options, ...(signal && { signal }) });
    const version = await toolVersion('grub-mkimage', components);
    const inventory = await loaderInventory(loader, /\d\S*$/.exec(version)?.[0] ?? '');
    const grubCfg = Buffer.from(loader.grubCfg + inventoryComment(inventory));
    const parts = [loader.bootCode, loader.coreImage, loader.bootx64, grubCfg];
    return { data: Buffer.concat(parts), meta: parts.map((part) => part.length) };
  });
  const bytes = await readFile(path);
  let at = 0;
  const [bootCode, coreImage, bootx64, grubCfg] = meta.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  }) as [Buffer, Buffer, Buffer, Buffer];
  return { bootCode, coreImage, bootx64, grubCfg: grubCfg.toString() };
}

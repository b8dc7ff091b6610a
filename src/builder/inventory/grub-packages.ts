import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Loader } from '../../bootloader/core-image.ts';
import { ignoreMissing } from '../components/cache.ts';
import { parseControl } from '../components/deb-archive.ts';
import { sha256 } from '../components/digest.ts';
import { readCopyright } from './copyright-file.ts';
import { encodeInventory, type ModuleInventory, readInventory } from './inventory.ts';
import { unknownLicence } from './licence.ts';
import { ownPackage } from './own-package.ts';
import { debPackage, genericPackage, type InventoryPackage } from './package.ts';

/** Debian's packages of GRUB, and which file of the loader is made of each. */
const grubPackages = [
  { name: 'grub-pc-bin', makes: ['boot.img', 'core.img'] },
  { name: 'grub-efi-amd64-bin', makes: ['EFI/BOOT/BOOTX64.EFI'] },
  // grub-mkimage, and the font inside BOOTX64.EFI.
  { name: 'grub-common', makes: [] },
] as const;

/** What the loader is made of, which is the host's GRUB: with what dpkg knows of it, where the host has dpkg. */
export async function loaderInventory(
  { bootCode, coreImage, bootx64 }: Omit<Loader, 'grubCfg'>,
  grubVersion: string,
  root = '/',
): Promise<ModuleInventory> {
  const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8').catch(ignoreMissing);
  const packages = await Promise.all(
    grubPackages.map(async ({ name }) => {
      const control = status === undefined ? undefined : installed(status, name);
      return control ? hostPackage(name, control, root) : foreignPackage(name, grubVersion);
    }),
  );
  const hashes: Readonly<Record<string, string>> = {
    'boot.img': sha256(bootCode),
    'core.img': sha256(coreImage),
    'EFI/BOOT/BOOTX64.EFI': sha256(bootx64),
  };
  const files = grubPackages.flatMap(({ makes }, index) =>
    makes.map((path) => ({ path, sha256: hashes[path], package: index, changed: true as const })),
  );
  return {
    module: 'bootloader',
    packages: [...packages, ownPackage()],
    // It carries this inventory, so it cannot have its own hash.
    files: [...files, { path: 'grub/grub.cfg', package: packages.length }],
  };
}

function installed(status: string, name: string): ReadonlyMap<string, string> | undefined {
  const stanza = status.split(/\n\n+/).find((one) => one.startsWith(`Package: ${name}\n`));
  const control = stanza === undefined ? undefined : parseControl(stanza);
  return control?.get('Status') === 'install ok installed' ? control : undefined;
}

async function hostPackage(
  name: string,
  control: ReadonlyMap<string, string>,
  root: string,
): Promise<InventoryPackage> {
  const path = join(root, 'usr/share/doc', name, 'copyright');
  const copyright = await readFile(path, 'utf8').catch(ignoreMissing);
  const licence = copyright
    ? readCopyright(copyright)
    : unknownLicence('the host that built it has no copyright file of it');
  // What was downloaded is gone: dpkg keeps no hash of it.
  return debPackage({ name, version: control.get('Version') ?? '', sha256: '' }, control, licence);
}

function foreignPackage(name: string, version: string): InventoryPackage {
  const licence = unknownLicence('the host that built it has no dpkg that knows it');
  return genericPackage({ name, version, supplier: '', licence });
}

const mark = '# inventory: ';

/** The loader's inventory as a comment at the end of grub.cfg: GRUB passes it over, and it lies where the loader does. */
export function inventoryComment(inventory: ModuleInventory): string {
  return `${mark}${Buffer.from(encodeInventory([inventory]))}\n`;
}

/** The same of a grub.cfg; undefined where it has none. Throws `inventory.form` (kind `corrupt`). */
export function readLoaderInventory(grubCfg: string): ModuleInventory | undefined {
  const line = grubCfg.split('\n').find((one) => one.startsWith(mark));
  if (line === undefined) return undefined;
  return readInventory(Buffer.from(line.slice(mark.length)), 'grub/grub.cfg')[0];
}

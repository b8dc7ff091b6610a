import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  inventoryComment,
  loaderInventory,
  readLoaderInventory,
} from '../../../../src/builder/inventory/grub-packages.ts';
import { temporaryDirectory } from '../components/surroundings.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const loader = { bootCode: bytes('a'), coreImage: bytes('b'), bootx64: bytes('c') };

/** A host with dpkg, where `grub-pc-bin` is installed and `grub-common` was removed. */
function host(): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
  mkdirSync(join(root, 'usr/share/doc/grub-pc-bin'), { recursive: true });
  const stanza = (name: string, status: string) =>
    `Package: ${name}\nStatus: ${status}\nMaintainer: G <g@example.org>\nArchitecture: amd64\nSource: grub2\nVersion: 2.06-13\n`;
  const status = [
    stanza('grub-common', 'deinstall ok config-files'),
    stanza('grub-pc-bin', 'install ok installed'),
  ];
  writeFileSync(join(root, 'var/lib/dpkg/status'), status.join('\n'));
  const copyright = 'See /usr/share/common-licenses/GPL-3.';
  writeFileSync(join(root, 'usr/share/doc/grub-pc-bin/copyright'), copyright);
  return root;
}

describe('the inventory of the loader', () => {
  it("has what the host's dpkg knows of its GRUB", async () => {
    const { packages, files } = await loaderInventory(loader, '2.06', host());
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/grub-pc-bin@2.06-13?arch=amd64&upstream=grub2%402.06-13',
      'pkg:generic/grub-efi-amd64-bin@2.06',
      'pkg:generic/grub-common@2.06',
      expect.stringMatching(/^pkg:npm\/twinbank@/),
    ]);
    expect(packages[0]!.licence).toEqual({ basis: 'references', terms: ['GPL-3'] });
    expect(packages[1]!.licence.basis).toBe('unknown');
    expect(files.map((file) => `${file.path} ${file.package}`)).toEqual([
      ...['boot.img 0', 'core.img 0', 'EFI/BOOT/BOOTX64.EFI 1', 'grub/grub.cfg 3'],
    ]);
  });

  it('is one comment of grub.cfg, and is read out of it again', async () => {
    const inventory = await loaderInventory(loader, '2.06', temporaryDirectory());
    const comment = inventoryComment(inventory);
    expect(comment).toMatch(/^# .*\n$/);
    expect(comment.split('\n')).toHaveLength(2);
    expect(readLoaderInventory(`set x=1\n${comment}`)).toEqual(inventory);
    expect(readLoaderInventory('set x=1\n')).toBeUndefined();
    expect(() => readLoaderInventory('# inventory: {}\n')).toThrow(
      'grub/grub.cfg: expected an inv',
    );
  });
});

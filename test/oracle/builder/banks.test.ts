import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { mountFatFs } from '../disk/fatfs.ts';
import { builtImage } from './built-image.ts';

const programs = ['sfdisk', 'fsck.fat', 'mdir', 'mtype', 'mcopy', 'grub-editenv', 'sha256sum'];
judgedBy([...programs, 'flock'], () => {
  const image = builtImage();

  test.each([1, 5, 6, 8])('fsck.fat finds nothing wrong with partition %d', (partition) => {
    const lines = judge('fsck.fat', ['-n', image.extract(partition)])
      .trim()
      .split('\n');
    // Its version and its count; whatever it finds is a line of its own, also where it exits with 0.
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/: \d+ files, \d+\/\d+ clusters$/);
  });

  test('the loader partition has what UEFI looks for, and the configuration', () => {
    const list = judge('mdir', ['-/', '-b', '-i', image.at(1), '::']);
    const files = list.split('\n').filter((line) => line && !line.endsWith('/'));
    expect(files).toEqual(['::/EFI/BOOT/BOOTX64.EFI', '::/grub/grub.cfg']);
  });

  describe.each([
    [5, 2],
    [6, 1],
  ])('bank %d', (bank, updated) => {
    const copied = (): string => {
      const folder = join(image.program.folder, `bank-${bank}`);
      mkdirSync(folder);
      judge('mcopy', ['-n', '-i', image.at(bank), '::*', folder]);
      return folder;
    };

    test('has sums that sha256sum agrees with, for every file that is loaded', () => {
      const folder = copied();
      const names = readdirSync(folder);
      const loaded = names.filter((name) => /^(vmkernel|bank\.env|.*\.v00)$/.test(name));
      expect(loaded).toHaveLength(8);
      for (const name of loaded) {
        const said = judge('sh', [
          '-c',
          'cd "$1" && sha256sum -c "$2"',
          'sh',
          folder,
          `${name}.sum`,
        ]);
        expect(said).toBe(`${name}: OK\n`);
      }
      expect(names.filter((name) => name.endsWith('.sum'))).toHaveLength(8);

      const boot = join(folder, 'boot.cfg');
      const bytes = readFileSync(boot);
      expect(bytes.length).toBe(1024);
      expect(bytes.toString('latin1').startsWith('# GRUB Environment Block\n')).toBe(true);
      const said = judge('grub-editenv', [boot, 'list']);
      expect(said.split('\n').slice(0, 5)).toEqual([
        'bootstate=0',
        'attempts=0',
        'verdict=-',
        `updated=${updated}`,
        'build=0.1.0-1',
      ]);
      const env = judge('grub-editenv', [join(folder, 'bank.env'), 'list']);
      for (const line of env.trim().split('\n')) expect(said.split('\n')).toContain(line);
      expect(env).toContain('modules=boot.v00 --- engine.v00 --- agents.v00 --- vmm.v00 --- driv');
    });

    test('is read by FatFs, file by file, as the build said it would be', async () => {
      const volume = await mountFatFs(readFileSync(image.extract(bank)));
      for (const { name, bytes, sha256 } of image.json().images[0]!.modules) {
        const content = volume.read(`/${name === 'vmkernel' ? name : `${name}.v00`}`);
        expect(content.length).toBe(bytes);
        expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      }
      // Eight with their sums, boot.cfg, the manifest and its signature, two state slots.
      expect(volume.files()).toHaveLength(21);
      volume.close();
    });

    test('has boot.cfg under the plain short name, in the root, alone', () => {
      const list = judge('mdir', ['-a', '-i', image.at(bank), '::']);
      expect(list.match(/^boot +cfg +1024 /gim)).toHaveLength(1);
      expect(list).toContain('Volume in drive : has no label');
      // The directory entry itself, before any long-name entry could stand for it.
      const root = readFileSync(image.extract(bank))
        .subarray(0, 2 ** 17)
        .toString('latin1');
      expect(root.split('BOOT    CFG')).toHaveLength(2);
    });
  });

  test('boot.cfg lies in one piece', () => {
    for (const bank of [5, 6]) {
      const bytes = readFileSync(image.extract(bank));
      const at = bytes.indexOf('# GRUB Environment Block\nbootstate=');
      expect(bytes.toString('latin1', at, at + 1024)).toMatch(/^# GRUB[\x20-\x7e\n]{1015}###$/);
      expect(at % 512).toBe(0);
    }
  });
});

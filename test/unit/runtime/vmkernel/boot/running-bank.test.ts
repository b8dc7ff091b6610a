import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BootMarks,
  encodeBootCfg,
  readBootCfg,
} from '../../../../../src/bootloader/boot-cfg.ts';
import { openFat } from '../../../../../src/disk/fat/volume.ts';
import { openFileDevice } from '../../../../../src/disk/file-device.ts';
import { confirmRunningBank } from '../../../../../src/runtime/vmkernel/boot/running-bank.ts';
import { newVolume, payload } from '../../../disk/fat/trees.ts';

const cfg = {
  updated: 7,
  build: '1.2.3-4',
  kernel: 'vmkernel',
  kernelopt: 'quiet',
  modules: ['boot.v00', 'engine.v00'],
  title: 'twinbank',
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bank-'));
  path = join(folder, 'bank.img');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A bank's partition as a file, with these bytes as boot.cfg. */
function bank(bootCfg: Uint8Array | undefined): Buffer {
  const { bytes, volume } = newVolume();
  volume.write('vmkernel', payload(100_000, 1));
  if (bootCfg) volume.write('boot.cfg', bootCfg);
  volume.write('boot.v00', payload(50_000, 2));
  volume.flush();
  writeFileSync(path, bytes);
  return bytes;
}

const marked = (marks: BootMarks): Buffer => bank(encodeBootCfg({ ...cfg, ...marks }));
const noCaches = async (): Promise<void> => {};

describe('the bank that runs', () => {
  it.each([
    { bootstate: '0', attempts: '1', verdict: '-' },
    { bootstate: '0', attempts: '3', verdict: 'B' },
    { bootstate: '0', attempts: '0', verdict: '-' },
    { bootstate: '2', attempts: '0', verdict: 'H' },
  ] as const)(
    'is confirmed from state $bootstate attempts $attempts verdict $verdict by changing these characters alone',
    async (marks) => {
      const before = marked(marks);
      expect(await confirmRunningBank(path, noCaches)).toEqual(marks);
      const after = readFileSync(path);
      const changed = [...after.keys()].filter((at) => after[at] !== before[at]);
      const wanted = { bootstate: '0', attempts: '0', verdict: '-' };
      const differing = Object.keys(wanted).filter(
        (key) => wanted[key as keyof BootMarks] !== marks[key as keyof BootMarks],
      );
      expect(changed).toHaveLength(differing.length);
      const device = openFileDevice(path);
      const read = readBootCfg(openFat(device).read('boot.cfg'));
      device.close();
      expect(read).toMatchObject({ ok: true, problems: [], cfg: { ...cfg, ...wanted } });
    },
  );

  it.each([
    { bootstate: '1', name: 'UPGRADING' },
    { bootstate: '3', name: 'INVALID' },
  ] as const)('is never confirmed when it is found $name', async ({ bootstate, name }) => {
    const before = marked({ bootstate, attempts: '0', verdict: 'R' });
    await expect(confirmRunningBank(path, noCaches)).rejects.toThrow(
      `a bank found ${name} is never confirmed`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each([
    {
      what: 'a malformed boot.cfg',
      text: '# GRUB Environment Block\nbootstate=0\n',
      found: /boot\.cfg: attempts: attempts is missing/,
    },
    {
      what: 'a bootstate out of range',
      text: '# GRUB Environment Block\nbootstate=7\n',
      found: /bootstate at byte \d+: expected/,
    },
    { what: 'an empty boot.cfg', text: '', found: /boot\.cfg/ },
  ])('is left as it is with $what', async ({ text, found }) => {
    const before = bank(Buffer.from(text === '' ? '' : text.padEnd(1024, '#')));
    await expect(confirmRunningBank(path, noCaches)).rejects.toThrow(found);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is left as it is without boot.cfg, and without a file system', async () => {
    bank(undefined);
    await expect(confirmRunningBank(path, noCaches)).rejects.toThrow(/boot\.cfg/);
    const noise = payload(1 << 20, 3);
    writeFileSync(path, noise);
    await expect(confirmRunningBank(path, noCaches)).rejects.toThrow();
    expect(readFileSync(path).equals(noise)).toBe(true);
  });

  it('is not confirmed when its medium forgets what was written, which only a look past the cache shows', async () => {
    const before = marked({ bootstate: '2', attempts: '0', verdict: '-' });
    const forget = async (): Promise<void> => writeFileSync(path, before);
    await expect(confirmRunningBank(path, forget)).rejects.toThrow(
      'the bank does not keep what is written to it',
    );
  });

  it('is not called confirmed when the caches cannot be dropped', async () => {
    marked({ bootstate: '0', attempts: '1', verdict: '-' });
    // A plain file is no block device: the real blockdev refuses it, and elsewhere there is none.
    await expect(confirmRunningBank(path)).rejects.toThrow(
      'could not be read back from the medium',
    );
  });
});

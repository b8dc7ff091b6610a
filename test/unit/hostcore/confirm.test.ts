import { describe, expect, it } from 'vitest';
import { type BootMarks, encodeBootCfg, readBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import {
  assertConfirmed,
  markedBank,
  readMarks,
  writeConfirmation,
} from '../../../src/hostcore/confirm.ts';
import { changedBytes } from '../../support/changed-bytes.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';

const cfg = {
  updated: 7,
  build: '1.2.3-4',
  kernel: 'vmkernel',
  kernelopt: 'quiet',
  modules: ['boot.v00', 'engine.v00'],
  title: 'twinbank',
};

let partition: Buffer;

/** A bank's partition, with these bytes as boot.cfg. */
function bank(bootCfg: Uint8Array | undefined): Buffer {
  const { bytes, volume } = newVolume();
  volume.write('vmkernel', payload(100_000, 1));
  if (bootCfg) volume.write('boot.cfg', bootCfg);
  volume.write('boot.v00', payload(50_000, 2));
  volume.flush();
  partition = Buffer.from(bytes);
  return bytes;
}

const marked = (marks: BootMarks): Buffer => bank(encodeBootCfg({ ...cfg, ...marks }));

/** Confirms the bank and returns the marks that it had; `dropCaches` is what happens before it is read back. */
function confirm(dropCaches: () => void = () => {}): BootMarks {
  const bank = markedBank(memoryDevice(partition));
  const before = readMarks(bank);
  const expected = writeConfirmation(bank);
  dropCaches();
  assertConfirmed(bank, expected);
  return before;
}

describe('the bank that runs', () => {
  it.each([
    { bootstate: '0', attempts: '1', verdict: '-' },
    { bootstate: '0', attempts: '3', verdict: 'B' },
    { bootstate: '0', attempts: '0', verdict: '-' },
    { bootstate: '2', attempts: '0', verdict: 'H' },
  ] as const)(
    'is confirmed from state $bootstate attempts $attempts verdict $verdict by changing these characters alone',
    (marks) => {
      const before = marked(marks);
      expect(confirm()).toEqual(marks);
      const after = partition;
      const changed = changedBytes(before, after);
      const wanted = { bootstate: '0', attempts: '0', verdict: '-' };
      const differing = Object.keys(wanted).filter(
        (key) => wanted[key as keyof BootMarks] !== marks[key as keyof BootMarks],
      );
      expect(changed).toHaveLength(differing.length);
      const read = readBootCfg(openFat(memoryDevice(partition)).read('boot.cfg'));
      expect(read).toMatchObject({ ok: true, problems: [], cfg: { ...cfg, ...wanted } });
    },
  );

  it.each([
    { bootstate: '1', name: 'UPGRADING' },
    { bootstate: '3', name: 'INVALID' },
  ] as const)('is never confirmed when it is found $name', ({ bootstate, name }) => {
    const before = marked({ bootstate, attempts: '0', verdict: 'R' });
    expect(() => confirm()).toThrow(`a bank found ${name} is never confirmed`);
    expect(partition.equals(before)).toBe(true);
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
  ])('is left as it is with $what', ({ text, found }) => {
    const before = bank(Buffer.from(text === '' ? '' : text.padEnd(1024, '#')));
    expect(() => confirm()).toThrow(found);
    expect(partition.equals(before)).toBe(true);
  });

  it('is left as it is without boot.cfg, and without a file system', () => {
    bank(undefined);
    expect(() => confirm()).toThrow(/boot\.cfg/);
    const noise = payload(1 << 20, 3);
    partition = Buffer.from(noise);
    expect(() => confirm()).toThrow();
    expect(partition.equals(noise)).toBe(true);
  });

  it('is not confirmed when its medium forgets what was written, which only a look past the cache shows', () => {
    const before = marked({ bootstate: '2', attempts: '0', verdict: '-' });
    const forget = (): void => void before.copy(partition);
    expect(() => confirm(forget)).toThrow('the bank does not keep what is written to it');
  });
});

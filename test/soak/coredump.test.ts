import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { diskTypes } from '../../src/harness/qemu/disk-type.ts';
import { firmwares } from '../../src/harness/qemu/machine-options.ts';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';
import { panicAndReset, readDump } from '../support/kernel-panic.ts';

const GiB = 2 ** 30;
const folder = mkdtempSync(join(tmpdir(), 'coredump-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a test with a copy of the default image that may be written. */
async function withImage(use: (image: string) => Promise<void>): Promise<void> {
  const copy = await copyDisk(inject('images').raw);
  try {
    await use(copy.path);
  } finally {
    await copy.remove();
  }
}

const machines = firmwares
  .flatMap((firmware) => diskTypes.map((disk) => ({ firmware, disk })))
  // Debian's OVMF has no driver for VMware's controller.
  .filter(({ firmware, disk }) => firmware !== 'uefi' || disk !== 'pvscsi');

describe('I5: the dump of a panic', () => {
  it.each(machines)('is taken of a machine with $firmware and its disk on $disk', (hardware) =>
    withImage(async (image) => {
      const seen = /core dump: complete/;
      await panicAndReset({ machine: { image, memory: 2 * GiB, ...hardware }, seen });
      expect(readDump(image, join(folder, `${hardware.firmware}-${hardware.disk}`))).toMatchObject({
        ...{ state: 'complete', bank: 5, reason: 'sysrq triggered crash' },
      });
    }),
  );

  it('is none of a machine that keeps its memory, which says so, and is reset', () =>
    withImage(async (image) => {
      const { status, problems } = await panicAndReset({
        machine: { image, memory: GiB },
        isReady: ({ why }) => why?.startsWith('it takes ') === true,
        seen: /Kernel panic - not syncing: sysrq triggered crash/,
      });
      expect(status).toMatchObject({
        ...{ armed: false, keptBytes: 0, dump: null },
        why: expect.stringMatching(
          /^it takes 256 MiB of a machine with 1500 MiB or more, this one has \d+$/,
        ),
      });
      expect(problems).toEqual([]);
      expect(readDump(image)).toMatchObject({ state: 'empty' });
      expectHealthy(await boot({ image, memory: GiB, write: true }), 5);
    }));

  it.each([
    ['panics', 'dump-panic', /core dump: the fault dump-panic/],
    ['hangs', 'dump-hang', /core dump: the fault dump-hang/],
  ])('is given up where the dump kernel itself %s, and the machine is reset', (_, fault, seen) =>
    withImage(async (image) => {
      await panicAndReset({ machine: { image, memory: 2 * GiB }, faults: [fault], seen });
      expect(readDump(image)).toMatchObject({ state: 'empty' });
      expectHealthy(await boot({ image, memory: 2 * GiB, write: true }), 5);
    }),
  );

  it('stays until it was fetched, and a later one leaves its log beside it', () =>
    withImage(async (image) => {
      const machine = { image, memory: 2 * GiB };
      await panicAndReset({ machine, seen: /core dump: complete/ });
      const first = readDump(image);
      await panicAndReset({ machine, seen: /core dump: another one waits to be fetched/ });
      const both = readDump(image);
      expect(both).toMatchObject({ state: 'complete', time: first.time });
      const next = await boot({ ...machine, write: true });
      expectHealthy(next, 5);
      consoleMatch(next, /panicked at \S+, and 1 later with only a log: .* waits to be fetched/);
    }));
});

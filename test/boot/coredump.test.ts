import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, inject, it } from 'vitest';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { startQemu } from '../../src/harness/qemu/qemu.ts';
import { faultArguments } from '../../src/harness/qemu/qemu-faults.ts';
import { packageRoot } from '../../src/host/package-root.ts';
import { boot, bootTimeoutMs, consoleMatch, expectHealthy } from '../support/boot.ts';

const folder = mkdtempSync(join(tmpdir(), 'coredump-'));
afterAll(() => rmSync(folder, { recursive: true }));

const memory = 2 * 2 ** 30;

/** Boots an image for writing, waits until a panic would be dumped, lets the kernel panic, and waits for the reset. */
async function panicAndReset(image: string): Promise<void> {
  const machine = await startQemu({
    ...{ ...defaultMachine, image, memory, write: true, accelerator: 'tcg' },
    extra: faultArguments([], defaultMachine.disk, ['live']),
  });
  try {
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs: bootTimeoutMs });
    expect(ready).toHaveProperty('line');
    const deadline = performance.now() + bootTimeoutMs;
    let armed: unknown;
    while (armed !== true && performance.now() < deadline) {
      await pause(500);
      ({ armed } = (await machine.vmkd.call('coredump.status')) as { armed: boolean });
    }
    expect(armed).toBe(true);
    const written = machine.console.waitFor(/core dump: complete/, { timeoutMs: bootTimeoutMs });
    // The kernel is gone before it could answer.
    machine.vmkd.call('fault.panic').catch(() => {});
    expect(await written).toHaveProperty('line');
    expect(await machine.ended).toMatchObject({ reason: 'guest-reset' });
  } finally {
    await machine.stop();
  }
}

it('I5: leaves a dump of a panic that other programs read, and the next boot tells of it', async () => {
  const image = join(folder, 'host.img');
  execFileSync('cp', ['--sparse=always', inject('images').raw, image]);
  await panicAndReset(image);

  const dump = join(folder, 'host.kdump');
  const program = join(packageRoot(), 'dist/twinbank.js');
  const shown = execFileSync(process.execPath, [
    program,
    'coredump',
    image,
    '--out',
    dump,
    '--json',
  ]);
  expect(JSON.parse(shown.toString())).toMatchObject({
    ...{ state: 'complete', bank: 5, reason: 'sysrq triggered crash', cause: '' },
    stack: expect.arrayContaining([expect.stringMatching(/^sysrq_handle_crash\+0x/)]),
  });
  const log = join(folder, 'dmesg.txt');
  execFileSync('makedumpfile', ['--dump-dmesg', dump, log], { stdio: 'pipe' });
  expect(readFileSync(log, 'utf8')).toContain('Kernel panic - not syncing: sysrq triggered crash');

  let status: unknown;
  const next = await boot(
    { image, memory, write: true },
    {
      whileReady: async ({ vmkd }) => {
        status = await vmkd.call('coredump.status');
      },
    },
  );
  expectHealthy(next, 5);
  consoleMatch(next, /core dump: build \S+ panicked at .*: sysrq triggered crash; a dump waits/);
  expect(status).toMatchObject({ dump: { state: 'complete', fetched: false } });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';
import { panicAndReset, readDump } from '../support/kernel-panic.ts';

const folder = mkdtempSync(join(tmpdir(), 'coredump-'));
afterAll(() => rmSync(folder, { recursive: true }));

const memory = 2 * 2 ** 30;
// As a server has it; test/soak/coredump.test.ts has the others.
const disk = 'nvme';

it('I5: leaves a dump of a panic that other programs read, and the next boot tells of it', async () => {
  const image = join(folder, 'host.img');
  execFileSync('cp', ['--sparse=always', inject('images').raw, image]);
  await panicAndReset({ machine: { image, memory, disk }, seen: /core dump: complete/ });

  const dump = join(folder, 'host.kdump');
  expect(readDump(image, dump)).toMatchObject({
    ...{ state: 'complete', bank: 5, reason: 'sysrq triggered crash', cause: '' },
    stack: expect.arrayContaining([expect.stringMatching(/^sysrq_handle_crash\+0x/)]),
  });
  const log = join(folder, 'dmesg.txt');
  execFileSync('makedumpfile', ['--dump-dmesg', dump, log], { stdio: 'pipe' });
  expect(readFileSync(log, 'utf8')).toContain('Kernel panic - not syncing: sysrq triggered crash');

  let status: unknown;
  const next = await boot(
    { image, memory, disk, write: true },
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

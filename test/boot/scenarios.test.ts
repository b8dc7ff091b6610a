import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exhaustive } from '../support/exhaustive.ts';
import { runHere } from '../unit/cli/host.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Scenarios that show in QEMU what other tests of the same CI run show there: they are played in `soak`, and by `npm test` on
 * the simulated machine.
 */
const shownBy: Readonly<Record<string, string>> = {
  'corrupt-module':
    'matrix-qemu: a trial with a wrong byte, on each firmware; corrupt-valid-bank: a shipped module',
  'first-boot':
    'smoke/boot: under one firmware by chance; boot/update: UEFI; power-cut-update: BIOS',
  'disk-sizes': 'boot/flash: a larger disk; boot/oem: NVMe under UEFI; the refusal is flash itself',
  storage: 'boot/storage: disks that are blank, and disks that are left alone; boot/state: reboots',
  'core-dump': 'boot/coredump: the same by hand, and the dump is read by makedumpfile',
  upgrade: 'boot/update: under UEFI; power-cut-update: the second update, under BIOS',
  rollback: 'boot/update: by vmkd, with its journal; boot/machines: by a person',
  'state-survives':
    'boot/state and boot/state-cuts: after power cuts, and taken over by a new version',
  'oem-carried': 'boot/update: its OEM is carried into each of three versions',
  'hang-uefi': 'broken-upgrade: a trial that hangs, under BIOS; boot/update: a fallback under UEFI',
  'rollback-keyboard': 'boot/machines: by a person at the loader',
  'worn-out-bank':
    'matrix-qemu: counts, verdict and the other bank, on each firmware; broken-upgrade: a panic',
  'worn-out-by-hangs': 'the same; broken-upgrade: a hang',
  'power-cuts-in-trial':
    'matrix-qemu: a trial is tried once, on each firmware; power-cut-update: a cut, and a boot after it',
  'full-bank':
    'unit/update/plan-update: files that are too large; boot/memory: a bundle without room',
};
const shipped = readdirSync(join(root, 'scenarios')).filter((name) => name.endsWith('.yaml'));
const files = shipped.filter((name) => exhaustive || !(name.replace('.yaml', '') in shownBy));

test('every scenario that is shipped passes on QEMU, unless other tests show the same', async () => {
  expect(files).toHaveLength(shipped.length - (exhaustive ? 0 : Object.keys(shownBy).length));
  const { code, stdout } = await runHere(
    [
      ...['test', ...files.map((name) => join('scenarios', name))],
      ...['--json', '--accelerator', 'tcg'],
      ...['--events', 'out/ci/scenarios.ndjson', '--artefacts', 'out/ci/scenarios'],
      ...['--html', 'out/ci/scenarios.html', '--junit', 'out/ci/scenarios.xml'],
    ],
    { host: { cwd: root, env: { ...process.env } } },
  );
  const { totals, scenarios } = JSON.parse(stdout);
  const bad = scenarios.filter(({ verdict }: { verdict: string }) =>
    ['failed', 'flaky', 'skipped'].includes(verdict),
  );
  expect(bad, 'see out/ci/scenarios.html').toEqual([]);
  expect(code).toBe(0);
  expect(totals.passed).toBeGreaterThanOrEqual(exhaustive ? 23 : 7);
});

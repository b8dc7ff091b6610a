import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { cacheDirectory } from '../../src/builder/components/cache.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { defaultMachine } from '../../src/harness/machine.ts';
import { startQemu } from '../../src/harness/qemu.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import { bootTimeoutMs } from '../support/boot.ts';

const root = join(import.meta.dirname, '../..');

test("an OEM's driver is loaded and its defaults hold, until an administrator says otherwise", async () => {
  const out = mkdtempSync(join(tmpdir(), 'twinbank-oem-boot-'));
  const set = ['oem=["file:test/support/beeper", "file:oem-providers/ridge"]'];
  const { recipe } = loadRecipe('recipes/default.yaml', { cwd: root, set });
  const cache = { directory: cacheDirectory(process.env), report: silent };
  await expect(
    buildImage({
      ...{ recipe, report: silent, out, formats: ['raw'] },
      components: { cache, apt: systemApt, report: silent },
    }),
  ).rejects.toThrow('beeper of beeper conflicts with default-ntp, found default-ntp of ridge');

  const { files } = await buildImage({
    recipe: { ...recipe, oem: recipe.oem.slice(0, 1) },
    ...{ report: silent, out, formats: ['raw'] },
    components: { cache, apt: systemApt, report: silent },
  });
  const machine = await startQemu({ ...defaultMachine, image: files[0] ?? '', accelerator: 'tcg' });
  try {
    const timeoutMs = bootTimeoutMs;
    const said = await machine.console.waitFor(/OEM beeper 1\.0 of Test: Machine of a test$/, {
      timeoutMs,
    });
    expect(said).toHaveProperty('line');
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs });
    expect(ready).toHaveProperty('line');
    expect(await machine.vmkd.call('status')).toMatchObject({
      drivers: { loaded: expect.arrayContaining(['pcspkr']), failed: [] },
      configuration: { generation: null, saved: true, problem: null },
    });
    expect(await machine.vmkd.call('config.get')).toMatchObject({
      syslog: { targets: ['10.0.2.2'] },
      ntp: { servers: ['10.0.2.3'] },
    });
    await machine.vmkd.call('config.set', { ntp: { servers: [] } });
    expect(await machine.vmkd.call('config.get')).toMatchObject({
      syslog: { targets: ['10.0.2.2'] },
      ntp: { servers: [] },
    });
  } finally {
    await machine.stop();
    rmSync(out, { recursive: true, force: true });
  }
});

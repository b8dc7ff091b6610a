import { describe, expect, inject, it } from 'vitest';
import { readBootCfg } from '../../src/bootloader/boot-cfg.ts';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { firmwares } from '../../src/harness/qemu/machine-options.ts';
import { boot, consoleMatch, expectHealthy, expectInOrder } from '../support/boot.ts';
import { sampled } from '../support/exhaustive.ts';
import { withVolume } from '../support/image-copy.ts';

// One of them in `npm test`, for a boot takes a minute of a processor; `soak` has both. In `test:boot` the scenario `upgrade`
// begins with the same boot under each firmware: bank 5 is ready, confirmed and VALID, without a problem.
describe.concurrent('the default image', () => {
  it.each(sampled(firmwares, 1))(
    'boots under %s, confirms its bank, answers and powers off',
    async (firmware) => {
      const copy = await copyDisk(inject('images').raw);
      try {
        let status: Record<string, unknown> = {};
        const result = await boot(
          { image: copy.path, firmware, write: true },
          {
            whileReady: async ({ vmkd }) => {
              status = (await vmkd.call('status')) as Record<string, unknown>;
            },
          },
        );
        expectHealthy(result, 5);
        expectInOrder(result, [
          /^twinbank: loader$/,
          /^twinbank: bank 5 VALID attempts=0 verdict=- updated=2/,
          /^twinbank: verifying bank 5/,
          /^twinbank: booting bank 5/,
          /^twinbank: stage=kernel at=[\d.]+s Linux/,
          /^twinbank: stage=engine at=[\d.]+s Node/,
          /^twinbank: stage=drivers at=/,
          /^twinbank: stage=bank at=.* confirmed \/dev\/vda5, was VALID attempts=1/,
          /^twinbank: ready build=\S+ bank=5 boot=[\d.]+s$/,
          /^twinbank: shutting down: power button/,
          /reboot: Power down/,
        ]);
        expect(consoleMatch(result, /ready build=(\S+)/)[1]).toBe(inject('images').build);
        expect(status).toMatchObject({
          bank: 5,
          state: 'ready',
          drivers: { failed: [] },
          network: { interfaces: ['vmnic0'], leases: [{ address: '10.0.2.15', prefix: 24 }] },
        });
        const after = withVolume(copy.path, 5, (volume) => readBootCfg(volume.read('boot.cfg')));
        expect(after).toMatchObject({
          ok: true,
          cfg: { bootstate: '0', attempts: '0', verdict: '-' },
        });
      } finally {
        await copy.remove();
      }
    },
  );
});

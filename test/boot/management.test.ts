import { describe, expect, inject, it } from 'vitest';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { startQemu } from '../../src/harness/qemu/qemu.ts';
import { boot, bootTimeoutMs, consoleMatch, expectHealthy } from '../support/boot.ts';

describe.concurrent("vmkd's protocol", () => {
  it.each([
    { mode: 'power-off', reason: 'guest-shutdown' },
    { mode: 'reboot', reason: 'guest-reset' },
  ])('ends the system in order by shutdown with mode $mode', async ({ mode, reason }) => {
    const image = inject('images').raw;
    const machine = await startQemu({ ...defaultMachine, image, accelerator: 'tcg' });
    try {
      const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs: bootTimeoutMs });
      expect(ready).toHaveProperty('line');
      await expect(machine.vmkd.call('shutdown', { mode: 'sideways' })).rejects.toThrow(
        'mode: expected power-off or reboot, found "sideways"',
      );
      await expect(machine.vmkd.call('reticulate')).rejects.toThrow(
        /expected one of the methods status, shutdown, vmm\.check, .*, found "reticulate"/,
      );
      expect(await machine.vmkd.call('shutdown', { mode })).toEqual({ mode });
      expect(await machine.ended).toMatchObject({ reason });
    } finally {
      await machine.stop();
    }
  });

  it('says so and is ready where there is no network', async () => {
    const result = await boot({ network: false });
    expectHealthy(result, 5);
    consoleMatch(result, /stage=network at=\S+ no address on 0 interfaces/);
  });
});

import { expect, test } from 'vitest';
import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { followBoot } from '../../../../src/harness/scenario/follow-boot.ts';
import type { StepContext } from '../../../../src/harness/scenario/step-context.ts';
import { smallImage } from '../../bootloader/small-image.ts';

/** A machine of which the loader says something and nobody else, until the time is over. */
function silentMachine(kind: 'qemu' | 'command'): StepContext {
  const disk = memoryDevice(smallImage().bytes);
  const texts = ['twinbank: loader', 'twinbank: booting bank 5 build=1.2.3-400'];
  const context = {
    machine: {
      kind,
      withDisk: (use: (device: typeof disk) => unknown) =>
        kind === 'qemu' ? use(disk) : Promise.reject(new Error('it is on')),
    },
    watch: {
      lines: texts.map((text, seconds) => ({ seconds, text })),
      boots: [{ number: 1, from: 0, booted: 5, build: null, outcome: undefined }],
      until: () => Promise.resolve({ without: 'timeout' }),
    },
    timeoutMs: 60_000,
  };
  return context as unknown as StepContext;
}

test('says what the silence of a boot that takes too long comes from, by its disk', async () => {
  await expect(followBoot(silentMachine('qemu'), 'ready', 0)).rejects.toThrow(
    /^expected a ready system, found nothing of it in 60 s; the loader started bank 5, and its kernel said nothing: its kernel options have no console= at all/,
  );
});

test('of a rig, whose disk is only read while it is off, says what may be', async () => {
  await expect(followBoot(silentMachine('command'), 'ready', 0)).rejects.toThrow(
    'its kernel options may lack console=ttyS0',
  );
});

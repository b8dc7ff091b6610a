import { describe, expect, it } from 'vitest';
import { systemMethods } from '../../../../../src/runtime/vmkernel/management/system-methods.ts';

describe("vmkd's methods", () => {
  const stops: string[] = [];
  const refusedBank = { bank: 6, why: 'invalid' };
  const system = {
    clock: { sincePowerOn: () => 31.25, sinceKernel: () => 21 },
    loader: { state: 'untrusted', build: '1.0-1' } as const,
    signed: [{ origin: 'base', keyIds: ['0123456789abcdef'] }],
    command: {
      build: '0.1.0-1',
      bank: 5,
      trial: false,
      layers: ['engine'],
      refused: [refusedBank],
    },
    drivers: { devices: 60, loaded: ['virtio_blk'], failed: [] },
    interfaces: () => ['vmnic0'],
    watchdogs: () => ['/dev/watchdog0'],
    phase: () => 'ready' as const,
    problems: () => ['no network address'],
    configuration: () => ({ generation: 3, bank: 5, saved: true, problem: null }),
    store: () => ({ problem: 'no store', packages: [] }),
    memory: () => [{ path: '/tmp', bytes: 4096, free: 0 }],
    swap: () => ({ path: '/scratch/worlds.swap', size: 8192, used: 4096 }),
    stop: (how: string) => void stops.push(how),
  };
  const answers = systemMethods(system);

  it('tell the status', async () => {
    expect(await answers.status!({})).toMatchObject({
      build: '0.1.0-1',
      bank: 5,
      state: 'ready',
      problems: ['no network address'],
      refused: [{ bank: 6, why: 'invalid' }],
      watchdogs: ['/dev/watchdog0'],
      secondsSincePowerOn: 31.25,
      drivers: { devices: 60 },
      network: { interfaces: ['vmnic0'], leases: [] },
      configuration: { generation: 3, bank: 5, saved: true, problem: null },
      store: { problem: 'no store', packages: [] },
      memory: [{ path: '/tmp', bytes: 4096, free: 0 }],
      swap: { path: '/scratch/worlds.swap', size: 8192, used: 4096 },
    });
  });

  it('end the system after the answer, in the way asked for or not at all', async () => {
    for (const mode of ['sideways', null, 7, 'toString']) {
      await expect(answers.shutdown!({ mode })).rejects.toThrow(
        `mode: expected power-off or reboot, found ${JSON.stringify(mode)}`,
      );
    }
    expect(await answers.shutdown!({ mode: 'reboot' })).toEqual({ mode: 'reboot' });
    expect(await answers.shutdown!({})).toEqual({ mode: 'power-off' });
    expect(stops).toEqual([]);
    while (stops.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stops).toEqual(['reboot', 'power-off']);
  });
});

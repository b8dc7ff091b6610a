import { describe, expect, it } from 'vitest';
import { hostResources } from '../../../../../src/runtime/vmkernel/resources/host-resources.ts';
import type { MachineShares } from '../../../../../src/runtime/vmkernel/resources/share-machine.ts';
import type { ResourcesSettings } from '../../../../../src/state/resources-setting.ts';

const recipe: MachineShares = {
  system: { cpuWeight: 200, memoryReserved: 96 << 20 },
  vm: { cpuWeight: 100, memoryReserved: 0 },
};

function started(share: (shares: MachineShares) => Promise<readonly string[]>) {
  const host = { setting: {} as ResourcesSettings };
  const resources = hostResources({
    ...{ recipe, share, setting: () => host.setting },
    run: async () => ({ code: 1, output: Buffer.from(''), error: '' }),
    readSwaps: () => '',
    room: async () => undefined,
    list: async () => ({ scratch: null, datastores: [] }),
    line: () => {},
  });
  return { host, resources };
}

describe('K2: the pools of a host that runs', () => {
  it('are shared as they are set to at the time, without a new start', async () => {
    const shared: MachineShares[] = [];
    const { host, resources } = started(async (shares) => {
      shared.push(shares);
      return [];
    });
    expect(await resources.apply()).toBeUndefined();
    host.setting = { vm: { cpuWeight: 10, memoryMax: 64 << 20 } };
    expect(await resources.apply()).toBeUndefined();
    expect(shared).toEqual([
      recipe,
      { ...recipe, vm: { cpuWeight: 10, memoryReserved: 0, memoryMax: 64 << 20 } },
    ]);
  });

  it('say what the kernel has not taken, and what of the swap file cannot be had', async () => {
    const { host, resources } = started(async () => ['pool vm: a', 'pool vm: b']);
    host.setting = { swap: 'scratch' };
    expect(await resources.apply()).toBe('pool vm: a; pool vm: b');
    await resources.refreshSwap();
    expect([resources.swap(), resources.problems()]).toEqual([
      null,
      ['swap of worlds: expected a disk with a scratch partition, found none'],
    ]);
  });
});

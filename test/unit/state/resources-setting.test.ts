import { describe, expect, it } from 'vitest';
import { resources } from '../../../src/state/resources-setting.ts';

const { parse } = resources;

describe('K2: the setting resources', () => {
  it('has what is given, and nothing of the recipe', () => {
    const given = {
      system: { cpuWeight: 10_000, memoryReserved: 0, memoryMax: 256 << 20 },
      vm: { processors: 1, memoryMax: null },
      swap: 'none',
    };
    expect(parse(given)).toEqual(given);
    expect(parse({})).toEqual({});
    expect(parse({ swap: { datastore: 'datastore1 (1)' } })).toEqual({
      swap: { datastore: 'datastore1 (1)' },
    });
  });

  it.each([
    [[], 'resources: expected an object with system, vm, swap, found a list'],
    [{ cpu: 1 }, 'resources: expected no members but system, vm, swap, found "cpu"'],
    [
      { vm: { cpuWeight: 0 } },
      'resources.vm.cpuWeight: expected a whole number from 1 to 10000, found 0',
    ],
    [
      { vm: { cpuWeight: null } },
      'resources.vm.cpuWeight: expected a whole number from 1 to 10000, found null',
    ],
    [
      { vm: { processors: 1.5 } },
      'resources.vm.processors: expected a whole number from 1 to 1024, found 1.5',
    ],
    // vmkd is never ended for its memory, so that nothing would give way to it.
    [
      { system: { memoryMax: 2 ** 28 - 1 } },
      'resources.system.memoryMax: expected a whole number from 268435456 to 1099511627776, found 268435455',
    ],
    [
      { system: { pids: 1 } },
      'resources.system: expected no members but cpuWeight, processors, memoryReserved, memoryMax, found "pids"',
    ],
    [
      { swap: 'disk' },
      'resources.swap: expected scratch, none or an object with datastore, found "disk"',
    ],
    [
      { swap: { datastore: '' } },
      'resources.swap.datastore: expected a datastore\'s name of at most 64 characters, found ""',
    ],
  ])('refuses %j', (value, why) => {
    expect(() => parse(value)).toThrow(why);
  });
});

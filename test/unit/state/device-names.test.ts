import { describe, expect, it } from 'vitest';
import { type FoundDevice, nameDevices } from '../../../src/state/device-names.ts';

const none = { names: {} };
const nic = (path: string): FoundDevice => ({ kind: 'vmnic', path });
const disk = (path: string): FoundDevice => ({ kind: 'vmhba', path });

describe('B4: names of devices', () => {
  it('follow the order of their paths, whatever the order in which they were found', () => {
    const { names, changed } = nameDevices(none, [nic('pci-2'), disk('pci-3'), nic('pci-1')]);
    expect(names).toEqual({ vmnic0: 'pci-1', vmnic1: 'pci-2', vmhba0: 'pci-3' });
    expect(changed).toBe(true);
  });

  it('stay where they are when one is added before them, or is not there', () => {
    const known = nameDevices(none, [nic('pci-2'), nic('pci-3')]);
    const { names } = nameDevices(known, [nic('pci-1'), nic('pci-3')]);
    expect(names).toEqual({ vmnic0: 'pci-2', vmnic1: 'pci-3', vmnic2: 'pci-1' });
    expect(nameDevices({ names }, [nic('pci-2')])).toEqual({ names, changed: false });
  });

  it('are given once to a device that was found twice', () => {
    expect(nameDevices(none, [nic('pci-1'), nic('pci-1')]).names).toEqual({ vmnic0: 'pci-1' });
  });
});

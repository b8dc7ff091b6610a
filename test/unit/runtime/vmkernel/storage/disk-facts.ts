import type { DiskFacts } from '../../../../../src/runtime/vmkernel/storage/disk-facts.ts';

/** A blank local disk of 9 GiB, but for what is changed. */
export function diskFacts(change: Partial<DiskFacts> = {}): DiskFacts {
  return {
    device: 'vdb',
    adapter: 'pci0000:00/04.0',
    address: 'C0:T0:L0',
    bytes: 9 * 2 ** 30,
    sectorBytes: 512,
    vendor: '',
    model: '',
    serial: '',
    worldWideName: '',
    isRemovable: false,
    isReadOnly: false,
    network: undefined,
    holders: [],
    partitions: [],
    sequence: '2',
    ...change,
  };
}

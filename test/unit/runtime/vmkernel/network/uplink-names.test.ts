import { expect, it } from 'vitest';
import { nameUplinks } from '../../../../../src/runtime/vmkernel/network/uplink-names.ts';

const at = (name: string, path: string) => ({ name, path: `/sys/devices/pci0000:00/${path}` });

it('names uplinks in the order of their places, whatever the kernel called them', () => {
  const names = nameUplinks([
    at('eth1', '0000:00:03.0/virtio0'),
    at('eth2', '0000:00:10.0/virtio9'),
    at('eth0', '0000:00:03.0/virtio10'),
    at('eth3', '0000:00:1c.0/0000:01:00.0/virtio2'),
  ]);
  expect([...names]).toEqual([
    ['eth1', 'vmnic0'],
    ['eth0', 'vmnic1'],
    ['eth2', 'vmnic2'],
    ['eth3', 'vmnic3'],
  ]);
});

it('moves no uplink for one that is plugged in later', () => {
  const names = nameUplinks([at('eth0', '0000:00:01.0'), at('vmnic1', '0000:00:04.0')]);
  expect(Object.fromEntries(names)).toEqual({ vmnic1: 'vmnic1', eth0: 'vmnic0' });
});

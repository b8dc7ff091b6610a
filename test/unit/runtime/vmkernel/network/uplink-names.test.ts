import { expect, it } from 'vitest';
import { nameUplinks } from '../../../../../src/runtime/vmkernel/network/uplink-names.ts';
import { keptNames } from '../../../../support/device-namer.ts';

const at = (name: string, path: string) => ({ name, path: `pci0000:00/${path}` });

it('B4: names uplinks in the order of their places, whatever the kernel called them', () => {
  const cards = [
    at('eth1', '03.0'),
    at('eth2', '10.0'),
    at('eth0', '0a.0'),
    at('eth3', '1c.0/00.0'),
  ];
  expect(Object.fromEntries(nameUplinks(cards, keptNames().start()))).toEqual({
    eth1: 'vmnic0',
    eth0: 'vmnic1',
    eth2: 'vmnic2',
    eth3: 'vmnic3',
  });
});

it('B4: moves no uplink for one that is plugged in before it, now or at the next start', () => {
  const { start } = keptNames();
  nameUplinks([at('eth0', '04.0')], start());
  const now = nameUplinks([at('eth0', '01.0'), at('vmnic0', '04.0')], start());
  expect(Object.fromEntries(now)).toEqual({ vmnic0: 'vmnic0', eth0: 'vmnic1' });
  const next = nameUplinks([at('eth0', '01.0'), at('eth1', '04.0')], start());
  expect(Object.fromEntries(next)).toEqual({ eth0: 'vmnic1', eth1: 'vmnic0' });
});

it('B4: leaves an uplink its name as long as the system runs, and gives it to no other', () => {
  const { start } = keptNames({ devices: { names: { vmnic0: 'pci0000:00/01.0' } } });
  const names = nameUplinks([at('eth0', '01.0'), at('vmnic0', '04.0')], start());
  expect(Object.fromEntries(names)).toEqual({ vmnic0: 'vmnic0' });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findControllers, missingDrivers } from '../../../../src/runtime/system/controllers.ts';

let sys: string;
beforeAll(() => {
  sys = mkdtempSync(join(tmpdir(), 'controllers-'));
});
afterAll(() => rmSync(sys, { recursive: true }));

function device(bus: string, name: string, modalias: string, driver?: string): void {
  const folder = join(sys, 'bus', bus, 'devices', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'modalias'), `${modalias}\n`);
  if (driver !== undefined) {
    mkdirSync(join(folder, driver, '..'), { recursive: true });
    symlinkSync('nowhere', join(folder, driver));
    mkdirSync(join(folder, driver, '../nowhere'), { recursive: true });
  }
}

describe('controllers of disks and networks', () => {
  it('are told with their PCI numbers, and whether something drives them', () => {
    const none = 'sv00000000sd00000000';
    device('pci', '0000:03:00.0', `pci:v000015ADd000007C0${none}bc01sc07i00`);
    device('pci', '0000:0b:00.0', `pci:v000015ADd000007B0${none}bc02sc00i00`, 'driver');
    device('pci', '0000:00:1f.0', `pci:v00008086d00002918${none}bc06sc01i00`);
    device('vmbus', 'f8b3781a', 'vmbus:d96361baa104294db60572e2ffb1dc7f', 'driver');
    device('acpi', 'VMBUS:00', 'acpi:VMBUS:', 'physical_node/driver');
    device('acpi', 'PNP0C0C:00', 'acpi:PNP0C0C:');
    mkdirSync(join(sys, 'bus/virtio/devices/gone'), { recursive: true });
    expect(findControllers(sys)).toEqual([
      { leadsTo: 'disk', title: 'bus of Hyper-V VMBUS:00', hasDriver: true },
      {
        leadsTo: 'disk',
        title: 'disk controller PCI 15ad:07c0 at 0000:03:00.0',
        hasDriver: false,
      },
      { leadsTo: 'network', title: 'network card PCI 15ad:07b0 at 0000:0b:00.0', hasDriver: true },
      { leadsTo: 'disk', title: 'Hyper-V SCSI controller f8b3781a', hasDriver: true },
    ]);
    expect(findControllers(join(sys, 'nowhere'))).toEqual([]);
  });

  it('say why nothing is found behind them', () => {
    const found = findControllers(sys);
    expect(missingDrivers(found, 'disk')).toBe(
      'this bank has no driver for disk controller PCI 15ad:07c0 at 0000:03:00.0',
    );
    expect(missingDrivers(found, 'network')).toBe('every network card has a driver');
    expect(missingDrivers([], 'disk')).toBe('no disk controller was found');
  });
});

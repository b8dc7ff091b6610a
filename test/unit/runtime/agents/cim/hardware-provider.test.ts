import { describe, expect, test } from 'vitest';
import { provider } from '../../../../../src/runtime/agents/cim/hardware-provider.ts';
import { parseSmbios } from '../../../../../src/runtime/agents/cim/smbios.ts';
import { testProvider, testSmbiosTable } from '../../../../../src/runtime/agents/cim/testing.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';
import { type SmbiosPart, smbiosTable } from './smbios-table.ts';

const parts: SmbiosPart[] = [
  {
    type: 1,
    length: 27,
    strings: ['ACME', 'RX-1', 'Not Specified', 'SN7'],
    bytes: {
      4: 1,
      5: 2,
      6: 3,
      7: 4,
      8: [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 10, 11, 12, 13, 14, 15],
    },
  },
  {
    type: 3,
    length: 25,
    strings: ['ACME', 'C-9', 'A-77', 'SKU-1'],
    // A rack with a lock, two cords, and one contained element of 3 bytes before the SKU.
    bytes: { 4: 1, 5: 0x97, 7: 2, 8: 3, 18: 2, 19: 1, 20: 3, 24: 4 },
  },
  {
    type: 4,
    length: 42,
    strings: ['CPU 0', 'Fast 9000'],
    bytes: {
      4: 1,
      6: 0xfe,
      16: 2,
      20: [0xb8, 0x0b],
      22: [0xc4, 0x09],
      24: 0x41,
      36: 8,
      40: [0x0b, 1],
    },
  },
  { type: 4, length: 42, strings: ['CPU 1'], bytes: { 4: 1 } },
  {
    type: 17,
    length: 34,
    strings: ['DIMM A1', 'Bank 0', 'Chips Ltd.', 'M-1', 'P-1'],
    bytes: {
      8: [72, 0],
      10: [64, 0],
      12: [0xff, 0x7f],
      16: 1,
      17: 2,
      21: [0x60, 9],
      23: 3,
      24: 4,
      26: 5,
      28: [0, 0, 1, 0],
    },
  },
  { type: 17, length: 34, bytes: {} },
];

const host = (table = smbiosTable(parts)) => {
  const root = temporaryFiles({ [testSmbiosTable.slice(1)]: table });
  return testProvider(provider, { root });
};

describe("the base's provider", () => {
  test('tells of the system what the firmware knows, and leaves out what nobody filled in', async () => {
    expect(await host().enumerate('Twinbank_ComputerSystem')).toEqual([
      {
        CreationClassName: 'Twinbank_ComputerSystem',
        Name: 'test',
        NameFormat: 'HostName',
        ElementName: 'test',
        Dedicated: [35],
        EnabledState: 2,
        IdentifyingDescriptions: ['Manufacturer', 'Model', 'SerialNumber', 'UUID'],
        OtherIdentifyingInfo: ['ACME', 'RX-1', 'SN7', '00112233-4455-6677-8899-0a0b0c0d0e0f'],
      },
    ]);
  });

  test('finds the SKU of a chassis behind its contained elements', async () => {
    expect(await host().enumerate('Twinbank_Chassis')).toMatchObject([
      {
        Tag: 'chassis-0',
        Manufacturer: 'ACME',
        SerialNumber: 'C-9',
        UserTracking: 'A-77',
        SKU: 'SKU-1',
        ChassisPackageType: 0x17,
        LockPresent: true,
        NumberOfPowerCords: 2,
      },
    ]);
  });

  test('lists the sockets with a processor and the slots with memory', async () => {
    const machine = host();
    expect(await machine.enumerate('Twinbank_Processor')).toMatchObject([
      {
        DeviceID: 'processor-0',
        Description: 'Fast 9000',
        Family: 0x10b,
        MaxClockSpeed: 3000,
        CurrentClockSpeed: 2500,
        CPUStatus: 1,
        NumberOfEnabledCores: 8,
      },
    ]);
    expect(await machine.enumerate('Twinbank_PhysicalMemory')).toMatchObject([
      {
        Tag: 'memory-0',
        BankLabel: 'Bank 0',
        Capacity: 64 * 2 ** 30,
        TotalWidth: 72,
        DataWidth: 64,
        MaxMemorySpeed: 2400,
        SerialNumber: 'M-1',
        PartNumber: 'P-1',
      },
    ]);
  });

  test('a machine without a table has a name and no more', async () => {
    const machine = testProvider(provider, { root: temporaryFiles({}) });
    expect(await machine.enumerate('Twinbank_Chassis')).toEqual([]);
    expect(await machine.enumerate('Twinbank_ComputerSystem')).toMatchObject([{ Name: 'test' }]);
  });
});

test('a table that breaks off anywhere gives structures that were whole, and never throws', async () => {
  const whole = smbiosTable(parts);
  const machine = host();
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    const cut = whole.subarray(0, bytes);
    expect(parseSmbios(cut).length).toBeLessThanOrEqual(parts.length + 1);
    machine.write(testSmbiosTable, cut);
    for (const { name } of provider.classes) await machine.enumerate(name);
  }
});

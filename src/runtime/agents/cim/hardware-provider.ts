import {
  type CimHost,
  type CimInstance,
  defineProvider,
  type SmbiosStructure,
} from './provider.ts';

/** Every inventory has the same shape; a member without a value is left out. */
function present(properties: Record<string, CimInstance[string] | undefined>): CimInstance {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== null),
  ) as CimInstance;
}

const ofType = (host: CimHost, type: number): readonly SmbiosStructure[] =>
  host.smbios().filter((one) => one.type === type);

function computerSystem(host: CimHost): CimInstance {
  const [system] = ofType(host, 1);
  const described = [
    ['Manufacturer', system?.text(4)],
    ['Model', system?.text(5)],
    ['Version', system?.text(6)],
    ['SerialNumber', system?.text(7)],
    ['UUID', system && uuidOf(system)],
    ['SKU', system?.text(0x19)],
  ].filter((pair): pair is [string, string] => pair[1] !== undefined);
  return present({
    Name: host.systemName,
    NameFormat: 'HostName',
    ElementName: host.systemName,
    Dedicated: [35],
    EnabledState: 2,
    IdentifyingDescriptions: described.map(([name]) => name),
    OtherIdentifyingInfo: described.map(([, value]) => value),
  });
}

/** The first three fields are little-endian since SMBIOS 2.6 (DSP0134 7.2.1); all zeros or ones is none. */
function uuidOf({ bytes }: SmbiosStructure): string | undefined {
  const uuid = bytes.subarray(8, 24);
  if (uuid.length < 16 || uuid.every((byte) => byte === 0) || uuid.every((byte) => byte === 255)) {
    return undefined;
  }
  const hex = (from: number, to: number, reversed = false): string => {
    const part = [...uuid.subarray(from, to)];
    return (reversed ? part.reverse() : part)
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10), hex(10, 16)].join('-');
}

function chassis(host: CimHost): CimInstance[] {
  return ofType(host, 3).map((one, index) =>
    present({
      Tag: `chassis-${index}`,
      Manufacturer: one.text(4),
      Version: one.text(6),
      SerialNumber: one.text(7),
      UserTracking: one.text(8),
      SKU: skuOf(one),
      // The top bit says whether there is a lock.
      ChassisPackageType: (one.bytes[5] ?? 0) & 0x7f,
      LockPresent: ((one.bytes[5] ?? 0) & 0x80) !== 0,
      NumberOfPowerCords: one.bytes[0x12] || undefined,
    }),
  );
}

/** Its place follows the list of contained elements (DSP0134 7.4). */
function skuOf(one: SmbiosStructure): string | undefined {
  const [count = 0, size = 0] = one.bytes.subarray(0x13, 0x15);
  return one.text(0x15 + count * size);
}

function processors(host: CimHost): CimInstance[] {
  return ofType(host, 4).flatMap((one, index): CimInstance[] => {
    const status = one.number(0x18, 1) ?? 0;
    // Bit 6: the socket holds a processor.
    if ((status & 0x40) === 0) return [];
    const family = one.number(6, 1);
    const properties = {
      SystemCreationClassName: 'Twinbank_ComputerSystem',
      SystemName: host.systemName,
      DeviceID: `processor-${index}`,
      Role: 'Central',
      ElementName: one.text(4),
      Description: one.text(0x10),
      Family: family === 0xfe ? one.number(0x28, 2) : family,
      MaxClockSpeed: one.number(0x14, 2),
      CurrentClockSpeed: one.number(0x16, 2),
      CPUStatus: status & 7,
      NumberOfEnabledCores: one.number(0x24, 1),
      EnabledState: (status & 7) === 1 ? 2 : 3,
    };
    return [present(properties)];
  });
}

function memory(host: CimHost): CimInstance[] {
  return ofType(host, 17).flatMap((one, index): CimInstance[] => {
    const bytes = memoryBytes(one);
    if (bytes === undefined) return [];
    const properties = {
      Tag: `memory-${index}`,
      ElementName: one.text(0x10),
      BankLabel: one.text(0x11),
      ...{
        Manufacturer: one.text(0x17),
        SerialNumber: one.text(0x18),
        PartNumber: one.text(0x1a),
      },
      Capacity: bytes,
      TotalWidth: knownWidth(one.number(8, 2)),
      DataWidth: knownWidth(one.number(10, 2)),
      MaxMemorySpeed: one.number(0x15, 2) || undefined,
    };
    return [present(properties)];
  });
}

/** DSP0134 7.18: MiB, or KiB with the top bit; 0x7fff refers to a larger field. */
function memoryBytes(one: SmbiosStructure): number | undefined {
  const size = one.number(0x0c, 2);
  if (size === undefined || size === 0 || size === 0xffff) return undefined;
  if (size === 0x7fff) return ((one.number(0x1c, 4) ?? 0) & 0x7fffffff) * 2 ** 20 || undefined;
  return (size & 0x7fff) * ((size & 0x8000) === 0 ? 2 ** 20 : 2 ** 10);
}

function knownWidth(bits: number | undefined): number | undefined {
  return bits === 0xffff || bits === 0 ? undefined : bits;
}

const none = { properties: {} };

/** What the base knows of any host: its identity, chassis, processors and memory, as the firmware's SMBIOS table says. */
export const provider = defineProvider({
  classes: [
    {
      name: 'Twinbank_ComputerSystem',
      superclass: 'CIM_ComputerSystem',
      ...none,
      description: 'This host',
      enumerate: (host) => [computerSystem(host)],
    },
    {
      name: 'Twinbank_Chassis',
      superclass: 'CIM_Chassis',
      ...none,
      description: 'The chassis that the firmware tells of',
      enumerate: chassis,
    },
    {
      name: 'Twinbank_Processor',
      superclass: 'CIM_Processor',
      ...none,
      description: 'A socket with a processor',
      enumerate: processors,
    },
    {
      name: 'Twinbank_PhysicalMemory',
      superclass: 'CIM_PhysicalMemory',
      ...none,
      description: 'A memory module',
      enumerate: memory,
    },
  ],
});

import type { CimClass } from './provider.ts';

const baseUnits = {
  0: 'Unknown',
  1: 'Other',
  2: 'Degrees C',
  3: 'Degrees F',
  4: 'Degrees K',
  5: 'Volts',
  6: 'Amps',
  7: 'Watts',
  8: 'Joules',
  19: 'RPM',
  65: 'Percentage',
};

const thresholds = [
  'LowerThresholdNonCritical',
  'UpperThresholdNonCritical',
  'LowerThresholdCritical',
  'UpperThresholdCritical',
  'LowerThresholdFatal',
  'UpperThresholdFatal',
];

/** The devices of the DMTF's CIM Schema: CIM_LogicalDevice and what is below it. */
export const deviceClasses: readonly CimClass[] = [
  {
    name: 'CIM_LogicalDevice',
    superclass: 'CIM_EnabledLogicalElement',
    abstract: true,
    description: 'A device, as its functions are seen',
    properties: {
      SystemCreationClassName: { type: 'string', key: true, maxLen: 256 },
      SystemName: { type: 'string', key: true, maxLen: 256 },
      CreationClassName: { type: 'string', key: true, maxLen: 256 },
      DeviceID: { type: 'string', key: true, maxLen: 64 },
      IdentifyingDescriptions: { type: 'string', array: true },
      OtherIdentifyingInfo: { type: 'string', array: true, maxLen: 256 },
    },
  },
  {
    name: 'CIM_Sensor',
    superclass: 'CIM_LogicalDevice',
    description: 'What measures something',
    properties: {
      SensorType: {
        type: 'uint16',
        values: {
          0: 'Unknown',
          1: 'Other',
          2: 'Temperature',
          3: 'Voltage',
          4: 'Current',
          5: 'Tachometer',
          6: 'Counter',
          7: 'Switch',
          8: 'Lock',
          9: 'Humidity',
          10: 'Smoke Detection',
          11: 'Presence',
          12: 'Air Flow',
          13: 'Power Consumption',
        },
      },
      OtherSensorTypeDescription: { type: 'string', maxLen: 128 },
      PossibleStates: { type: 'string', array: true, maxLen: 128 },
      CurrentState: { type: 'string', maxLen: 128 },
      PollingInterval: { type: 'uint64', units: 'second * 10^-9' },
      SensorContext: { type: 'string' },
    },
  },
  {
    name: 'CIM_NumericSensor',
    superclass: 'CIM_Sensor',
    description:
      'A sensor with numbers: a reading is CurrentReading * 10^UnitModifier of BaseUnits',
    properties: {
      BaseUnits: { type: 'uint16', values: baseUnits },
      UnitModifier: { type: 'sint32' },
      RateUnits: { type: 'uint16', values: { 0: 'None', 4: 'Per Minute' } },
      CurrentReading: { type: 'sint32' },
      NominalReading: { type: 'sint32' },
      MaxReadable: { type: 'sint32' },
      MinReadable: { type: 'sint32' },
      IsLinear: { type: 'boolean' },
      ...Object.fromEntries(thresholds.map((name) => [name, { type: 'sint32' } as const])),
    },
  },
  {
    name: 'CIM_CoolingDevice',
    superclass: 'CIM_LogicalDevice',
    description: 'What cools',
    properties: { ActiveCooling: { type: 'boolean' } },
  },
  {
    name: 'CIM_Fan',
    superclass: 'CIM_CoolingDevice',
    description: 'A fan',
    properties: {
      VariableSpeed: { type: 'boolean' },
      DesiredSpeed: { type: 'uint64', units: 'rpm' },
    },
  },
  {
    name: 'CIM_PowerSource',
    superclass: 'CIM_LogicalDevice',
    abstract: true,
    description: 'What gives power',
    properties: {},
  },
  {
    name: 'CIM_PowerSupply',
    superclass: 'CIM_PowerSource',
    description: 'A power supply',
    properties: {
      IsSwitchingSupply: { type: 'boolean' },
      TotalOutputPower: { type: 'uint32', units: 'watt * 10^-3' },
    },
  },
  {
    name: 'CIM_Processor',
    superclass: 'CIM_LogicalDevice',
    description: 'A processor socket that holds one',
    properties: {
      Role: { type: 'string' },
      Family: { type: 'uint16', description: 'As SMBIOS has it (DSP0134 7.5.2)' },
      MaxClockSpeed: { type: 'uint32', units: 'hertz * 10^6' },
      CurrentClockSpeed: { type: 'uint32', units: 'hertz * 10^6' },
      Stepping: { type: 'string' },
      UniqueID: { type: 'string' },
      CPUStatus: {
        type: 'uint16',
        values: {
          0: 'Unknown',
          1: 'CPU Enabled',
          2: 'CPU Disabled by User',
          3: 'CPU Disabled By BIOS (POST Error)',
          4: 'CPU Is Idle',
          7: 'Other',
        },
      },
      NumberOfEnabledCores: { type: 'uint16' },
    },
  },
  {
    name: 'CIM_Watchdog',
    superclass: 'CIM_LogicalDevice',
    description: 'A timer that acts when it is not fed in time',
    properties: {
      MonitoredEntity: {
        type: 'uint16',
        values: {
          0: 'Unknown',
          1: 'Other',
          2: 'Operating System',
          3: 'Operating System Boot Process',
          4: 'Operating System Shutdown Process',
          5: 'Firmware Boot Process',
          6: 'BIOS Boot Process',
          7: 'Application',
          8: 'Service Processor',
        },
      },
      MonitoredEntityDescription: { type: 'string', maxLen: 256 },
      TimeoutInterval: { type: 'uint32', units: 'second * 10^-6' },
      TimerResolution: { type: 'uint32', units: 'second * 10^-6' },
      TimeOfLastExpiration: { type: 'datetime' },
      ActionOnExpiration: {
        type: 'uint16',
        values: {
          0: 'None - Status Only',
          1: 'System Reset',
          2: 'System Power Off',
          3: 'System Power Off, then On',
          4: 'Generate System NonMaskableInterrupt (NMI)',
          5: 'Generate System Management Interrupt (SMI)',
        },
      },
    },
  },
];

import type { CimClass, CimElement } from './provider.ts';
import { deviceClasses } from './standard-devices.ts';
import { indicationClasses } from './standard-indications.ts';

const states: CimElement = { type: 'uint16', array: true };

/**
 * The classes of the DMTF's CIM Schema (2.54) that providers derive theirs from: names, types, keys and values are the
 * schema's. A property that nobody here has a value for is left out of it.
 */
const coreClasses: readonly CimClass[] = [
  {
    name: 'CIM_ManagedElement',
    abstract: true,
    description: 'Whatever is managed',
    properties: {
      InstanceID: { type: 'string' },
      Caption: { type: 'string', maxLen: 64 },
      Description: { type: 'string' },
      ElementName: { type: 'string', description: 'What people call it' },
    },
  },
  {
    name: 'CIM_ManagedSystemElement',
    superclass: 'CIM_ManagedElement',
    abstract: true,
    description: 'A part of a system',
    properties: {
      InstallDate: { type: 'datetime' },
      Name: { type: 'string', maxLen: 1024 },
      OperationalStatus: {
        ...states,
        values: {
          0: 'Unknown',
          1: 'Other',
          2: 'OK',
          3: 'Degraded',
          4: 'Stressed',
          5: 'Predictive Failure',
          6: 'Error',
          7: 'Non-Recoverable Error',
          8: 'Starting',
          9: 'Stopping',
          10: 'Stopped',
          11: 'In Service',
          12: 'No Contact',
        },
      },
      StatusDescriptions: { type: 'string', array: true },
      HealthState: {
        type: 'uint16',
        values: {
          0: 'Unknown',
          5: 'OK',
          10: 'Degraded/Warning',
          15: 'Minor failure',
          20: 'Major failure',
          25: 'Critical failure',
          30: 'Non-recoverable error',
        },
      },
    },
  },
  {
    name: 'CIM_LogicalElement',
    superclass: 'CIM_ManagedSystemElement',
    abstract: true,
    description: 'What realises functions of a system',
    properties: {},
  },
  {
    name: 'CIM_EnabledLogicalElement',
    superclass: 'CIM_LogicalElement',
    abstract: true,
    description: 'What can be enabled and disabled',
    properties: {
      EnabledState: {
        type: 'uint16',
        values: {
          0: 'Unknown',
          1: 'Other',
          2: 'Enabled',
          3: 'Disabled',
          4: 'Shutting Down',
          5: 'Not Applicable',
          6: 'Enabled but Offline',
          7: 'In Test',
          8: 'Deferred',
          9: 'Quiesce',
          10: 'Starting',
        },
      },
    },
  },
  {
    name: 'CIM_System',
    superclass: 'CIM_EnabledLogicalElement',
    abstract: true,
    description: 'A system',
    properties: {
      CreationClassName: { type: 'string', key: true, maxLen: 256 },
      Name: { type: 'string', key: true, maxLen: 256 },
      NameFormat: { type: 'string', maxLen: 64 },
      PrimaryOwnerName: { type: 'string', maxLen: 64 },
      IdentifyingDescriptions: { type: 'string', array: true },
      OtherIdentifyingInfo: { type: 'string', array: true, maxLen: 256 },
    },
  },
  {
    name: 'CIM_ComputerSystem',
    superclass: 'CIM_System',
    description: 'A computer',
    properties: {
      Dedicated: {
        ...states,
        values: { 0: 'Not Dedicated', 1: 'Unknown', 2: 'Other', 35: 'Virtual Machine Host' },
      },
    },
  },
  {
    name: 'CIM_PhysicalElement',
    superclass: 'CIM_ManagedSystemElement',
    abstract: true,
    description: 'What can be touched',
    properties: {
      CreationClassName: { type: 'string', key: true, maxLen: 256 },
      Tag: { type: 'string', key: true, maxLen: 256 },
      Manufacturer: { type: 'string', maxLen: 256 },
      Model: { type: 'string', maxLen: 256 },
      SKU: { type: 'string', maxLen: 64 },
      SerialNumber: { type: 'string', maxLen: 256 },
      Version: { type: 'string', maxLen: 64 },
      PartNumber: { type: 'string', maxLen: 256 },
      UserTracking: { type: 'string', description: 'An asset tag' },
    },
  },
  {
    name: 'CIM_PhysicalPackage',
    superclass: 'CIM_PhysicalElement',
    description: 'What holds others',
    properties: {
      PackageType: {
        type: 'uint16',
        values: { 0: 'Unknown', 2: 'Rack', 3: 'Chassis/Frame', 9: 'Module/Card', 15: 'Blade' },
      },
    },
  },
  {
    name: 'CIM_PhysicalFrame',
    superclass: 'CIM_PhysicalPackage',
    description: 'A frame or cabinet',
    properties: {
      LockPresent: { type: 'boolean' },
      SecurityBreach: {
        type: 'uint16',
        values: {
          1: 'Other',
          2: 'Unknown',
          3: 'No Breach',
          4: 'Breach Attempted',
          5: 'Breach Successful',
        },
      },
    },
  },
  {
    name: 'CIM_Chassis',
    superclass: 'CIM_PhysicalFrame',
    description: 'What encloses a system',
    properties: {
      NumberOfPowerCords: { type: 'uint16' },
      ChassisPackageType: { type: 'uint16', description: 'As SMBIOS has it (DSP0134 7.4.1)' },
    },
  },
  {
    name: 'CIM_PhysicalComponent',
    superclass: 'CIM_PhysicalElement',
    description: 'What is not taken apart',
    properties: { RemovalConditions: { type: 'uint16' } },
  },
  {
    name: 'CIM_Chip',
    superclass: 'CIM_PhysicalComponent',
    description: 'An integrated circuit',
    properties: { FormFactor: { type: 'uint16', description: 'As the schema numbers them' } },
  },
  {
    name: 'CIM_PhysicalMemory',
    superclass: 'CIM_Chip',
    description: 'A memory module',
    properties: {
      Capacity: { type: 'uint64', units: 'byte' },
      BankLabel: { type: 'string', maxLen: 64 },
      MaxMemorySpeed: { type: 'uint32', units: 'hertz * 10^6' },
      TotalWidth: { type: 'uint16', units: 'bit' },
      DataWidth: { type: 'uint16', units: 'bit' },
    },
  },
];

export const standardClasses: readonly CimClass[] = [
  ...coreClasses,
  ...deviceClasses,
  ...indicationClasses,
];

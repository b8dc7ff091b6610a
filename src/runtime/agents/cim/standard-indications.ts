import type { CimClass } from './provider.ts';

/** The indications of the DMTF's CIM Schema that providers raise, CIM_AlertIndication before all. */
export const indicationClasses: readonly CimClass[] = [
  {
    name: 'CIM_Indication',
    abstract: true,
    description: 'Something that happened',
    properties: {
      IndicationIdentifier: { type: 'string' },
      CorrelatedIndications: { type: 'string', array: true },
      IndicationTime: { type: 'datetime' },
      SequenceNumber: { type: 'sint64' },
      PerceivedSeverity: {
        type: 'uint16',
        values: {
          ...{ 0: 'Unknown', 1: 'Other', 2: 'Information', 3: 'Degraded/Warning' },
          ...{ 4: 'Minor', 5: 'Major', 6: 'Critical', 7: 'Fatal/NonRecoverable' },
        },
      },
    },
  },
  {
    name: 'CIM_ProcessIndication',
    superclass: 'CIM_Indication',
    abstract: true,
    description: 'Something that happened in the system, not in the model',
    properties: {},
  },
  {
    name: 'CIM_AlertIndication',
    superclass: 'CIM_ProcessIndication',
    description: 'An alert',
    properties: {
      Description: { type: 'string' },
      AlertingManagedElement: { type: 'string', description: 'Object path of what it is about' },
      AlertingElementFormat: {
        type: 'uint16',
        values: { 0: 'Unknown', 1: 'Other', 2: 'CIMObjectPath', 3: 'WBEM URI' },
      },
      AlertType: {
        type: 'uint16',
        required: true,
        values: {
          ...{ 1: 'Other', 2: 'Communications Alert', 3: 'Quality of Service Alert' },
          ...{ 4: 'Processing Error', 5: 'Device Alert', 6: 'Environmental Alert' },
          ...{ 7: 'Model Change', 8: 'Security Alert' },
        },
      },
      ProbableCause: {
        type: 'uint16',
        required: true,
        values: {
          ...{ 0: 'Unknown', 1: 'Other', 15: 'Enclosure Door Open', 16: 'Equipment Malfunction' },
          ...{ 23: 'Humidity Unacceptable', 24: 'I/O Device Error', 36: 'Power Problem' },
          ...{ 47: 'Software Error', 50: 'Storage Capacity Problem' },
          ...{ 51: 'Temperature Unacceptable', 52: 'Threshold Crossed' },
          ...{ 59: 'Previous Alert Cleared' },
        },
      },
      ProbableCauseDescription: { type: 'string' },
      Trending: {
        type: 'uint16',
        values: { 0: 'Unknown', 2: 'Trending Up', 3: 'Trending Down', 4: 'No Change' },
      },
      EventID: { type: 'string' },
      EventTime: { type: 'datetime' },
      SystemCreationClassName: { type: 'string', maxLen: 256 },
      SystemName: { type: 'string', maxLen: 256 },
      ProviderName: { type: 'string', maxLen: 256 },
      OwningEntity: { type: 'string' },
      MessageID: { type: 'string' },
      Message: { type: 'string' },
      MessageArguments: { type: 'string', array: true },
    },
  },
];

import { type Agent, nodeProgram } from '../agent.ts';
import {
  classAnswerForm,
  classesForm,
  enumerationForm,
  indicationsForm,
  instanceForm,
  resultForm,
} from './answer-forms.ts';
import { prepare } from './prepare.ts';
import { cimApi } from './provider.ts';

/** What it answers (methods.ts). */
export const answerForms = {
  classes: classesForm,
  class: classAnswerForm,
  instances: enumerationForm,
  get: instanceForm,
  invoke: resultForm,
  indications: indicationsForm,
};

/** The object manager of CIM: a user of its own without rights, which vmkd gives what providers are granted. */
export const cim: Agent = {
  name: 'cim',
  description: 'CIM object manager',
  lost: 'the host says nothing of its hardware',
  user: { uid: 110, gid: 110 },
  // Providers read sensors there, and ask devices that they are granted.
  sees: ['/sys'],
  seccomp: ['devices'],
  // Programs of OEMs, such as ipmi-sensors, look whether root has started them.
  asRoot: true,
  // With each of its providers, which have limits of their own.
  memoryMax: 512 << 20,
  pidsMax: 256,
  entries: {
    cim: 'main.ts',
    // The process of each provider.
    'cim-provider': 'provider-main.ts',
    // What the command `cim` runs.
    'cim-command': 'command.ts',
  },
  program: nodeProgram('cim', { heapMiB: 64 }),
  // Names of its objects have the host's.
  restartOn: ['hostname'],
  prepare,
  forwards: answerForms,
  support: [
    { file: 'cim/classes.json', method: 'classes' },
    { file: 'cim/instances.json', method: 'instances', params: { class: 'CIM_ManagedElement' } },
    { file: 'cim/indications.json', method: 'indications' },
  ],
  provides: [`cim-api = ${cimApi}`],
  providers: [
    {
      name: 'hardware',
      entry: 'hardware-provider.ts',
      classes: [
        'Twinbank_ComputerSystem',
        'Twinbank_Chassis',
        'Twinbank_Processor',
        'Twinbank_PhysicalMemory',
      ],
    },
  ],
};

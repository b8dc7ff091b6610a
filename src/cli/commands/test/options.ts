import type { Argv } from 'yargs';
import { machineKinds } from '../../../harness/faults/engine.ts';
import { defaultMachine } from '../../../harness/qemu/machine.ts';
import { accelerators, firmwares } from '../../../harness/qemu/machine-options.ts';

/** All options of `test` but those of the key. */
export function testOptions<Options>(yargs: Argv<Options>) {
  return reportOptions(runOptions(selectOptions(yargs)));
}

function selectOptions<Options>(yargs: Argv<Options>) {
  return yargs
    .positional('scenario', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Scenario files, or folders of them',
    })
    .option('filter', {
      type: 'string',
      requiresArg: true,
      describe: 'Only runs whose name contains this',
    })
    .option('shard', {
      type: 'string',
      requiresArg: true,
      describe: 'i/n: the i-th of n parts, which take about the same time',
    })
    .option('list', { type: 'boolean', describe: 'List the runs, and run nothing' })
    .option('dry-run', {
      type: 'boolean',
      describe: 'Print what would be done, step by step',
    })
    .option('schema', {
      type: 'boolean',
      describe: 'Print the JSON Schema of scenarios, for editors',
    });
}

function runOptions<Options>(yargs: Argv<Options>) {
  return yargs
    .option('engine', {
      choices: machineKinds,
      default: 'qemu' as const,
      describe: 'What runs the machine: a simulation, QEMU, or the commands of a rig',
    })
    .option('rig', {
      type: 'string',
      requiresArg: true,
      describe: "With --engine command: the rig's description",
    })
    .option('firmware', {
      choices: firmwares,
      describe: 'Use this firmware instead of the one in the scenarios',
    })
    .option('accelerator', {
      choices: accelerators,
      default: defaultMachine.accelerator,
      describe: 'Hardware virtualisation or emulation',
    })
    .option('jobs', {
      type: 'number',
      requiresArg: true,
      defaultDescription: 'as cores and memory allow',
      describe: 'Machines at once',
    })
    .option('retry', {
      type: 'number',
      default: 0,
      requiresArg: true,
      describe: 'Run a failed scenario again, up to N times; if it passes then, it is flaky',
    })
    .option('watch', {
      type: 'boolean',
      describe: 'Show each step and the status lines of the machine as they happen',
    })
    .option('repeat', {
      type: 'number',
      default: 1,
      requiresArg: true,
      describe: 'Run each scenario N times, each from its own first boot, to find rare failures',
    })
    .option('bail', { type: 'boolean', describe: 'Stop at the first failure' });
}

function reportOptions<Options>(yargs: Argv<Options>) {
  return yargs
    .option('junit', {
      type: 'string',
      requiresArg: true,
      describe: 'Write JUnit XML for a CI system; - for standard output',
    })
    .option('html', {
      type: 'string',
      requiresArg: true,
      describe: 'Write one page of HTML that needs nothing else; - for standard output',
    })
    .option('events', {
      type: 'string',
      requiresArg: true,
      describe: 'Write all events as lines of JSON, for `report`; - for standard output',
    })
    .option('artefacts', {
      type: 'string',
      requiresArg: true,
      defaultDescription: 'out/test/TIME',
      describe: 'Folder for console logs, screenshots and disks of what failed',
    })
    .option('keep-artefacts', {
      type: 'boolean',
      describe: 'Also keep them for scenarios that passed',
    });
}

import { resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { engines } from '../../../harness/faults/engine.ts';
import { faultList } from '../../../harness/faults/fault-text.ts';
import { parseFault } from '../../../harness/faults/parse-fault.ts';
import { defaultMachine } from '../../../harness/qemu/machine.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { bootSeconds, hardwareOf, machineFlagNames, machineFlags } from '../../machine-flags.ts';
import { inRange } from '../../whole-number.ts';
import { bootInMachine } from './boot-qemu.ts';
import { bootInSimulator } from './boot-sim.ts';

const maxBoots = 1000;
const needsQemu = ({ engine }: { readonly engine: string }) =>
  engine === 'qemu' ? undefined : '--engine qemu';

export const command = defineCommand({
  examples: [
    ['boot out/twinbank-0.1.0.img --firmware uefi', 'Boot a snapshot of the image in QEMU'],
    ['boot out/twinbank-0.1.0.img --write --disk nvme', 'Keep what the system writes'],
    [
      'boot out/twinbank-0.1.0.img --engine sim --fault kernel-panic --boots 9',
      'In a moment: which banks would boot, and why',
    ],
  ],
  builder: (yargs) =>
    machineFlags(
      yargs
        .positional('image', {
          type: 'string',
          demandOption: true,
          describe: 'A disk image: raw, qcow2 or VMDK',
        })
        .option('engine', {
          choices: engines,
          default: 'qemu' as const,
          describe:
            'What runs the image: QEMU, or a simulation of the loader on the real bytes, without a system',
        })
        .option('boots', {
          type: 'number',
          default: 1,
          requiresArg: true,
          describe: 'Follow up to this many boots, as long as each ends in a reset',
        })
        .option('fault', {
          type: 'string',
          array: true,
          default: [] as string[],
          defaultDescription: 'none',
          requiresArg: true,
          describe: `NAME[=ARGUMENT][@BANK], may be repeated:\n${faultList()}`,
        }),
    )
      .option('write', {
        type: 'boolean',
        default: false,
        describe: 'Keep what the loader and the system write',
      })
      .option('until', {
        type: 'string',
        requiresArg: true,
        describe:
          'End the boot at the first console line that matches this pattern: outcome `reached`, or `healthy` if the system was ready before; a panic, the rescue prompt and a reset still end it',
      })
      .option('timeout', {
        type: 'number',
        default: 300,
        requiresArg: true,
        describe: 'Seconds to wait for the end of the boot',
      }),
  dash: { until: 'text' },
  needs: {
    ...Object.fromEntries(machineFlagNames.map((name) => [name, needsQemu])),
    timeout: needsQemu,
  },
  run: async (context, options) => {
    const path = resolve(context.cwd, options.image);
    const { engine, write } = options;
    const boots = inRange('boots', options.boots, { least: 1, most: maxBoots });
    const faults = options.fault.map((text) => parseFault(text, engine));
    const until = options.until === undefined ? undefined : pattern(options.until);
    if (until && (engine === 'sim' || boots > 1 || faults.length > 0)) {
      throw usageError('--until: expected --engine qemu with one boot and no fault');
    }
    const timeoutSeconds = inRange('timeout', options.timeout, bootSeconds);
    if (engine === 'sim') return bootInSimulator({ path, boots, faults, write }, context);
    return bootInMachine(
      {
        path,
        machine: { ...defaultMachine, ...hardwareOf(options) },
        boots,
        faults,
        write,
        ...(until && { until }),
        timeoutSeconds,
      },
      context,
    );
  },
});

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new TwinbankError(
      'usage',
      'usage.until',
      `--until: expected a regular expression, found ${JSON.stringify(text)}: ${(error as Error).message}`,
    );
  }
}

import type { Argv, Options } from 'yargs';
import { type FlagOption, type Hardware, rowsWith } from '../../../harness/qemu/hardware.ts';
import { inRange } from '../../whole-number.ts';

/** Seconds to wait for a boot: a day at most, as of every time. */
export const bootSeconds = { least: 1, most: 86_400 };

/** A machine's options as the command line has them: a number is of the row's own unit. */
export type MachineFlags = Pick<Hardware, FlagOption>;

/** Without dashes. */
export const machineFlagNames: readonly string[] = rowsWith('flag').map(({ name }) => name);

/** The flags that rows of machine-options.ts have. */
export function machineFlags<Others>(yargs: Argv<Others>): Argv<Others & MachineFlags> {
  let all: Argv<unknown> = yargs;
  for (const { name, row, part: flag } of rowsWith('flag')) {
    const option: Options =
      'choices' in flag
        ? { choices: flag.choices, default: row.default }
        : flag.type === 'number'
          ? { type: 'number', requiresArg: true, default: Number(row.default) / flag.unit }
          : { type: 'string', requiresArg: true, default: row.default };
    all = all.option(name, { ...option, describe: flag.help });
  }
  return all as Argv<Others & MachineFlags>;
}

/** The hardware that was asked for. Throws `cli.usage` for a number that no machine has. */
export function hardwareOf(options: MachineFlags): MachineFlags {
  const values = rowsWith('flag').map(({ name, part: flag }): [string, unknown] => {
    const value = options[name as FlagOption];
    if (!('unit' in flag)) return [name, value];
    return [name, inRange(name, Number(value), flag) * flag.unit];
  });
  return Object.fromEntries(values) as unknown as MachineFlags;
}

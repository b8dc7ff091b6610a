import type { Argv, Options } from 'yargs';
import { type FlagOption, type Hardware, rowsWith } from '../harness/qemu/hardware.ts';
import { usageError } from './failure.ts';
import { inRange } from './whole-number.ts';

/** Seconds to wait for a boot: a day at most, as of every time. */
export const bootSeconds = { least: 1, most: 86_400 };

/** A machine's options as the command line has them: a number is of the row's own unit. */
export type MachineFlags = Pick<Hardware, FlagOption>;

/** Without dashes. */
export const machineFlagNames = rowsWith('flag').map(({ name }) => name) as readonly FlagOption[];

/** The flags that rows of machine-options.ts have, or those of them that are named. */
export function machineFlags<Others, Name extends FlagOption = FlagOption>(
  yargs: Argv<Others>,
  names: readonly Name[] = machineFlagNames as readonly Name[],
): Argv<Others & Pick<MachineFlags, Name>> {
  let all: Argv<unknown> = yargs;
  for (const { name, row, part: flag } of rowsNamed(names)) {
    const option: Options =
      'choices' in flag
        ? { choices: flag.choices, default: row.default }
        : flag.type === 'number'
          ? { type: 'number', requiresArg: true, default: Number(row.default) / flag.unit }
          : { type: 'string', requiresArg: true, default: row.default };
    all = all.option(name, { ...option, describe: flag.help });
  }
  return all as Argv<Others & Pick<MachineFlags, Name>>;
}

/** The hardware that was asked for. Throws `cli.usage` for a number that no machine has. */
export function hardwareOf<Name extends FlagOption = FlagOption>(
  options: Pick<MachineFlags, Name>,
  names: readonly Name[] = machineFlagNames as readonly Name[],
): Pick<MachineFlags, Name> {
  const values = rowsNamed(names).map(({ name, part: flag }): [string, unknown] => {
    const value = options[name as Name];
    if ('not' in flag && flag.not.some((word) => word === value)) {
      throw usageError(`--${name}: expected ${flag.help}, found ${value}`);
    }
    if (!('unit' in flag)) return [name, value];
    return [name, inRange(name, Number(value), flag) * flag.unit];
  });
  return Object.fromEntries(values) as unknown as Pick<MachineFlags, Name>;
}

function rowsNamed(names: readonly FlagOption[]) {
  return rowsWith('flag').filter(({ name }) => names.some((one) => one === name));
}

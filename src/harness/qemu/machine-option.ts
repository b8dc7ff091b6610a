import type * as z from 'zod';
import type { DiskType } from './disk-type.ts';
import type { MachineFiles } from './machine-files.ts';

/** One option of a virtual machine: all that has to do with it. */
export interface MachineOption<Value> {
  readonly default: Value;
  /** The key of this name in a scenario's `machine:`; left out: scenarios have no say in it. */
  readonly scenario?: {
    readonly schema: z.ZodType<Value>;
    /** For the editor, with the default. */
    readonly meaning: string;
    /** Where it is not the option's own. */
    readonly default?: Value;
  };
  /** `boot --NAME`; left out: it has no such flag. */
  readonly flag?: MachineFlag<Value>;
  /** What QEMU is told; `machine` is what else of it an option goes by. */
  args(value: Value, files: MachineFiles, machine: { readonly disk: DiskType }): readonly string[];
}

export type MachineFlag<Value> = { readonly help: string } & (
  | { readonly choices: readonly (Value & string)[] }
  /** `not`: words that make QEMU print something and end. */
  | { readonly type: 'string'; readonly not?: readonly string[] }
  /** A whole number of these, within limits. */
  | {
      readonly type: 'number';
      readonly unit: number;
      readonly least: number;
      readonly most: number;
    }
);

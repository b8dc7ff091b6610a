import type * as z from 'zod';
import type { MachineFiles } from './machine-files.ts';
import type { MachineOption } from './machine-option.ts';
import { machineOptions } from './machine-options.ts';

type Rows = typeof machineOptions;
type ValueOf<Row> = Row extends { args(value: infer Value, ...rest: never[]): unknown }
  ? Value
  : never;

/** A value for every option of a virtual machine. */
export type Hardware = { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };

/** The options that scenarios have a say in. */
export type ScenarioOption = {
  [Name in keyof Rows]: Rows[Name] extends { scenario: object } ? Name : never;
}[keyof Rows];

/** The options that are flags of `boot`. */
export type FlagOption = {
  [Name in keyof Rows]: Rows[Name] extends { flag: object } ? Name : never;
}[keyof Rows];

/** What a scenario wants of its machine. */
export type MachineRequest = Pick<Hardware, ScenarioOption>;

const rows = Object.entries(machineOptions) as [keyof Rows, MachineOption<unknown>][];

/** The rows that have this part. */
export function rowsWith<Part extends 'scenario' | 'flag'>(part: Part) {
  return rows.flatMap(([name, row]) => {
    const found = row[part];
    return found === undefined ? [] : [{ name, row, part: found }];
  });
}

export const defaultHardware = Object.fromEntries(
  rows.map(([name, row]) => [name, row.default]),
) as unknown as Hardware;

/** QEMU's arguments for hardware, the last row first. `accelerator` is not `auto` any more. */
export function hardwareArguments(hardware: Hardware, files: MachineFiles): string[] {
  return [...rows]
    .reverse()
    .flatMap(([name, row]) => [...row.args(hardware[name], files, hardware)]);
}

type ScenarioShape = {
  [Name in ScenarioOption]: z.ZodOptional<Rows[Name]['scenario']['schema']>;
};

/** The keys of a scenario's `machine:`. */
export const scenarioShape = Object.fromEntries(
  rowsWith('scenario').map(({ name, part: { schema, meaning } }) => [
    name,
    schema.optional().describe(meaning),
  ]),
) as ScenarioShape;

/** The machine of a scenario that says so much of it; undefined values count as nothing said. */
export function machineRequest(
  said: { readonly [Name in ScenarioOption]?: Hardware[Name] | undefined },
): MachineRequest {
  const values = rowsWith('scenario').map(({ name, row, part }): [string, unknown] => [
    name,
    said[name as ScenarioOption] ?? part.default ?? row.default,
  ]);
  return Object.fromEntries(values) as unknown as MachineRequest;
}

import * as z from 'zod';
import { choice, duration, map, text } from '../../recipe/field.ts';
import { machineKinds } from '../faults/engine.ts';
import { diskTypes } from '../qemu/disk-type.ts';
import { scenarioShape } from '../qemu/hardware.ts';
import { firmwares } from '../qemu/machine-options.ts';
import { buildSchema } from './builds.ts';
import { line, several } from './fields.ts';

const axis = {
  firmware: several(choice(firmwares), 'a list of firmwares').optional().describe('Firmwares'),
  disk: several(choice(diskTypes), 'a list of disk types')
    .optional()
    .describe('How the disk is attached'),
  oem: several(line('a folder of an OEM, several joined with +, or none'), 'a list of OEMs')
    .optional()
    .describe('OEMs that are built in, relative to this file; several of them joined with +; none'),
  fault: several(line('a fault such as kernel-panic@6'), 'a list of faults')
    .optional()
    .describe('Steps take it by the placeholder fault'),
};
export const axisNames = Object.keys(axis) as (keyof typeof axis)[];

const cell = (meaning: string) =>
  z
    .array(
      map({
        firmware: choice(firmwares).optional().describe('Firmware'),
        disk: choice(diskTypes).optional().describe('Disk'),
        oem: line('an OEM').optional().describe('OEM'),
        fault: line('a fault').optional().describe('Fault'),
      }),
      { error: 'a list of maps such as { firmware: uefi, disk: nvme }' },
    )
    .optional()
    .describe(meaning);

export const matrixSchema = map({
  ...axis,
  exclude: cell('Combinations that are left out: all that have these values'),
  include: cell('Combinations that are added'),
});

/** A scenario's file but for its steps, which are read one by one. */
export const scenarioSchema = map({
  name: text('a name of letters, digits and -', /^[a-zA-Z0-9][a-zA-Z0-9-]{0,63}$/)
    .optional()
    .describe("What reports call it; default the file's name"),
  description: line('a sentence about what the scenario shows').describe(
    'What it shows, in a sentence',
  ),
  engines: several(choice(machineKinds), 'a list of engines')
    .optional()
    .describe('Engines that it is for; default all. On the others it is not applicable'),
  recipe: z
    .string({ error: 'the path of a recipe' })
    .optional()
    .describe(
      'Recipe of all builds that name none, a path from this file or twinbank:NAME; default twinbank:default',
    ),
  builds: z
    .record(
      z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, {
        error: 'a name of letters, digits, ., _ and -',
      }),
      buildSchema,
      { error: 'a map of builds' },
    )
    .optional()
    .describe(
      'What there is to build, by names of your own; steps name them. Default one build of the recipe',
    ),
  machine: map(scenarioShape)
    .optional()
    .describe('The machine, where the matrix does not say otherwise'),
  matrix: matrixSchema.optional().describe('The scenario is run for each combination'),
  timeout: duration().optional().describe('How long all of it may take; default 60m'),
  steps: z
    .array(z.unknown(), { error: 'a list of steps' })
    .min(1, { error: 'a list of steps' })
    .describe('What is done and expected, in order'),
});
export type ScenarioFile = z.output<typeof scenarioSchema>;

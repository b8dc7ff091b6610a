import * as z from 'zod';
import { list, map } from '../../recipe/field.ts';
import { editDescriptions } from '../../recipe/list-edit.ts';
import { line } from './fields.ts';

const expectedOptions = 'a list of kernel options, or { add: […], remove: […] }';
const kernelOptions = () => list(line('a kernel option such as panic=5'), expectedOptions);

/** One entry of a scenario's `builds`. */
export const buildSchema = map({
  recipe: z
    .string({ error: 'the path of a recipe' })
    .optional()
    .describe("Recipe to build, a path from this file or twinbank:NAME; default the scenario's"),
  version: z
    .string({ error: 'a version in quotes, such as "1.1.0"' })
    .optional()
    .describe('Version of the build'),
  oem: list(line('a folder or a packed .oem file'), 'a list of OEM providers')
    .optional()
    .describe("OEM providers, relative to this file; default those of the matrix or the recipe's"),
  'kernel-options': z
    .union(
      [
        kernelOptions(),
        map({
          add: kernelOptions().exactOptional().describe(editDescriptions.add),
          remove: kernelOptions().exactOptional().describe(editDescriptions.remove),
        })
          // As in a recipe: an empty list changes nothing, a map without any is not finished.
          .refine((edit) => Object.keys(edit).length > 0, { error: expectedOptions })
          .meta({ minProperties: 1 }),
      ],
      { error: expectedOptions },
    )
    .optional()
    .describe(
      "The kernel's options, instead of the recipe's; { add: […], remove: […] } changes those",
    ),
  set: z
    .record(z.string(), z.unknown(), { error: 'a map such as { bank.size: 48MiB }' })
    .optional()
    .describe('Further values of the recipe, by their paths, as --set takes them'),
});
export type BuildEntry = z.output<typeof buildSchema>;

/** A build as it is ordered: everything that decides about its bytes but the recipe's own files. */
export interface BuildOrder {
  /** As the scenario calls it. */
  readonly name: string;
  /** Absolute path. */
  readonly recipe: string;
  /** `--set` options, with absolute paths. */
  readonly set: readonly string[];
}

/** What a scenario's entry orders; `oem` are absolute paths, or undefined for those of the recipe. */
export function buildOrder(
  name: string,
  entry: BuildEntry,
  places: { readonly recipe: string; readonly oem: readonly string[] | undefined },
): BuildOrder {
  const set: string[] = [];
  // In quotes, or YAML takes 1.10 for the number 1.1.
  if (entry.version !== undefined) set.push(`version=${JSON.stringify(entry.version)}`);
  if (entry['kernel-options'])
    set.push(`kernel.options=${JSON.stringify(entry['kernel-options'])}`);
  if (places.oem) set.push(`oem=${JSON.stringify(places.oem.map((path) => `file:${path}`))}`);
  for (const [path, value] of Object.entries(entry.set ?? {})) {
    set.push(`${path}=${JSON.stringify(value)}`);
  }
  return { name, recipe: places.recipe, set };
}

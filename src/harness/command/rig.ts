import { dirname, resolve } from 'node:path';
import type * as z from 'zod';
import { recipeError } from '../../recipe/diagnostic.ts';
import { duration, map, text } from '../../recipe/field.ts';
import { fileSource, readRecipeFile } from '../../recipe/recipe-file.ts';
import { validateAgainst } from '../../recipe/validate.ts';

const command = () => text('a command for sh', /\S/);
const name = () => text('a host name or address', /^[A-Za-z0-9.:_-]{1,255}$/);

const timeouts = map({
  /** Of `power`, `disk` and `keys`. */
  power: duration().prefault('30s'),
  /** From the power button to the system's last line. */
  off: duration().prefault('2m'),
  flash: duration().prefault('15m'),
  screen: duration().prefault('30s'),
});

/** A rig as `rig.yaml` describes it (docs/machines.md). Every command is one line for `sh -c`. */
const rigSchema = map({
  power: map({
    on: command(),
    off: command(),
    reset: command().optional(),
    button: command().optional(),
  }),
  serial: command(),
  flash: command(),
  disk: map({
    path: text('a path', /\S/),
    host: command().optional(),
    target: command().optional(),
  }).optional(),
  keys: command().optional(),
  screen: command().optional(),
  vmkd: command().optional(),
  address: name().optional(),
  hostAddress: name().optional(),
  timeouts: timeouts.prefault({}),
});

export type Rig = z.output<typeof rigSchema> & {
  /** Where commands run, and paths are relative to: the folder of the description. */
  readonly folder: string;
};

/** Reads the description of a rig. Throws `recipe.invalid` (kind `recipe`) with every problem and its place. */
export function readRig(path: string, cwd: string = process.cwd()): Rig {
  const full = resolve(cwd, path);
  const { file, problems } = readRecipeFile(full, fileSource(full, cwd), null, 'rig');
  if (!file || problems.length > 0) throw recipeError(problems);
  const checked = validateAgainst(rigSchema, file.tree);
  if (!checked.value) throw recipeError(checked.problems);
  return { ...checked.value, folder: dirname(full) };
}

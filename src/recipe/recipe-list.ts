import * as z from 'zod';
import { recipeSchema } from './schema.ts';
import type { Path } from './tree.ts';

/** A list that the schema has at a place, in text form. */
interface RecipeList {
  /** What stands in it where no file and no option says anything; undefined where something has to. */
  readonly defaults: readonly string[] | undefined;
}

/**
 * The list that a recipe has at `path`; undefined where the schema has none. `typeOf` says of which type the
 * module at a path is, as that decides which lists it has.
 */
export function recipeListAt(
  path: Path,
  typeOf: (path: Path) => string | undefined,
): RecipeList | undefined {
  let schema: unknown = recipeSchema;
  for (const [index, key] of path.entries()) {
    schema = below(bare(schema).schema, String(key), typeOf(path.slice(0, index)));
    if (schema === undefined) return undefined;
  }
  const { schema: found, defaults } = bare(schema);
  if (!(found instanceof z.ZodArray)) return undefined;
  return { defaults: Array.isArray(defaults) ? defaults.map(String) : undefined };
}

/** The schema of a value that is there, and what stands in for one that is not. */
function bare(schema: unknown): { schema: unknown; defaults?: unknown } {
  if (schema instanceof z.ZodPrefault) {
    return { ...bare(schema.def.innerType), defaults: schema.def.defaultValue };
  }
  return schema instanceof z.ZodExactOptional ? bare(schema.def.innerType) : { schema };
}

function below(schema: unknown, key: string, type: string | undefined): unknown {
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodObject) {
    const shape: z.core.$ZodShape = schema.def.shape;
    return Object.hasOwn(shape, key) ? shape[key] : undefined;
  }
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const { discriminator, options } = schema.def;
  const option = options.find((one) => {
    const { schema: literal } = bare(below(one, discriminator, undefined));
    return literal instanceof z.ZodLiteral && literal.def.values.some((word) => word === type);
  });
  return option && below(option, key, undefined);
}

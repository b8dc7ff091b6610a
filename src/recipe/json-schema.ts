import * as z from 'zod';
import { editDescriptions } from './list-edit.ts';
import { fileKeys } from './recipe-file.ts';
import { recipeSchema } from './schema.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;

const fileKeyDescriptions: Record<(typeof fileKeys)[number], string> = {
  extends:
    'Recipe this one starts from, or a list of them in order: a path from this file, or twinbank:default and others that come with twinbank',
  overlays: 'Partial recipes laid over this one, in order, relative to this file',
};

/**
 * The JSON Schema of a recipe *file*, for editors. A file may hold a part of a recipe only (what it
 * extends has the rest), may take a key away with null, and may edit a list in place of replacing it. So it is
 * looser than the recipe's own schema; which keys there are is as strict.
 */
export function recipeJsonSchema(): JsonSchema {
  const whole = z.toJSONSchema(recipeSchema, { io: 'input' });
  const { $schema, properties, ...rest } = partial(whole);
  const oneOrMore = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
  const files = fileKeys.map((key) => [
    key,
    { description: fileKeyDescriptions[key], ...oneOrMore },
  ]);
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'twinbank recipe',
    ...rest,
    properties: { ...Object.fromEntries(files), ...properties },
  };
}

/** The text of recipes/recipe.schema.json. */
export function recipeJsonSchemaText(): string {
  return `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`;
}

/** `schema` with no key required and null allowed for each, at every level. */
function partial(schema: JsonSchema): JsonSchema {
  const { required: _, oneOf, anyOf, properties, additionalProperties, ...rest } = schema;
  const result: JsonSchema = { ...rest };
  // A part of a module may fit several types.
  const branches = oneOf ?? anyOf;
  if (branches) result.anyOf = branches.map((branch) => partial(branch));
  if (properties) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, orNull(value)]),
    );
  }
  if (typeof additionalProperties === 'object') {
    result.additionalProperties = orNull(additionalProperties);
  } else if (additionalProperties !== undefined) {
    result.additionalProperties = additionalProperties;
  }
  return result;
}

function orNull(schema: z.core.JSONSchema._JSONSchema): z.core.JSONSchema._JSONSchema {
  if (typeof schema === 'boolean') return schema;
  const { description, default: value, ...rest } = partial(schema);
  const head = {
    ...(description === undefined ? {} : { description }),
    ...(value === undefined ? {} : { default: value }),
  };
  if (rest.anyOf) return { ...head, ...rest, anyOf: [...rest.anyOf, { type: 'null' }] };
  if (rest.type === 'array') return { ...head, anyOf: [rest, listEdit(rest), { type: 'null' }] };
  const { const: only, ...more } = rest;
  const words = more.enum ?? (only === undefined ? undefined : [only]);
  const type = typeof more.type === 'string' ? [more.type, 'null'] : more.type;
  // Draft 2020-12 allows a list of types; zod's typing of the standard does not.
  return { ...head, ...more, type, ...(words && { enum: [...words, null] }) } as JsonSchema;
}

/** What may stand in place of a list: a map that changes the one below it. */
function listEdit({ items }: JsonSchema): JsonSchema {
  const values = typeof items === 'object' && !Array.isArray(items) ? items : {};
  const oneOrMore = { anyOf: [values, { type: 'array' as const, items: values }] };
  const properties = Object.fromEntries(
    Object.entries(editDescriptions).map(([key, description]) => [
      key,
      { description, ...oneOrMore },
    ]),
  );
  return { type: 'object', properties, additionalProperties: false, minProperties: 1 };
}

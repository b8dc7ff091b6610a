import * as z from 'zod';
import { matrixSchema, scenarioSchema } from './scenario-schema.ts';
import type { StepRow } from './step.ts';
import { stepRows } from './step-registry.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Property = z.core.JSONSchema._JSONSchema;

const placeholder = { type: 'string', pattern: '\\$\\{[^}]+\\}' } as const;

/** The JSON Schema of a scenario file, for editors: every step in its short and its full form. */
export function scenarioJsonSchema(): JsonSchema {
  const { $schema, properties = {}, ...rest } = schemaOf(scenarioSchema);
  const matrix = listsOrOne(schemaOf(matrixSchema), ['firmware', 'disk', 'oem', 'fault']);
  const { engines } = properties;
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'twinbank scenario',
    ...rest,
    properties: {
      ...properties,
      ...(engines !== undefined && { engines: orOne(engines) }),
      matrix: { description: describe(properties.matrix), ...matrix },
      steps: {
        description: describe(properties.steps),
        type: 'array',
        minItems: 1,
        items: { $ref: '#/$defs/step' },
      },
    },
    $defs: {
      step: { anyOf: [...wordSteps(), ...stepRows.map(mapStep), repeatStep] },
    },
  } as JsonSchema;
}

/** The text of scenarios/scenario.schema.json. */
export function scenarioJsonSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}

function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
}

/** `- boot`: every step that needs nothing said. */
function wordSteps(): Property[] {
  const names = stepRows
    .filter(({ schema }) => schema.safeParse({}).success)
    .map(({ name }) => name);
  return [{ type: 'string', enum: names }];
}

function mapStep(row: StepRow): Property {
  const { $schema: _, ...whole } = schemaOf(row.schema);
  const full = withPlaceholders(listsOrOne(whole, row.lists));
  const short = row.shorthand === undefined ? undefined : full.properties?.[row.shorthand];
  const forms = [full, { type: 'null' } as const, ...(short === undefined ? [] : [short])];
  return {
    type: 'object',
    properties: { [row.name]: { description: row.summary, anyOf: forms } },
    required: [row.name],
    additionalProperties: false,
  } as Property;
}

const repeatStep = {
  type: 'object',
  properties: {
    repeat: {
      description: 'Does steps several times',
      type: 'object',
      properties: {
        times: { description: 'How often', type: 'integer', minimum: 1, maximum: 200 },
        over: {
          description: 'Once for each of these values',
          type: 'array',
          minItems: 1,
          items: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        },
        as: {
          description: 'Name of the placeholder that stands for the value; default n',
          type: 'string',
        },
        steps: { description: 'What is repeated', type: 'array', items: { $ref: '#/$defs/step' } },
      },
      required: ['steps'],
      additionalProperties: false,
    },
  },
  required: ['repeat'],
  additionalProperties: false,
} as unknown as Property;

function listsOrOne(schema: JsonSchema, keys: readonly string[]): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, property]) => [
      key,
      keys.includes(key) ? orOne(property) : property,
    ]),
  );
  return { ...schema, properties };
}

function orOne(property: Property): Property {
  if (typeof property === 'boolean' || !property.items) return property;
  const { description, ...list } = property;
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [list, property.items],
  } as Property;
}

/** Numbers and words may be `${name}` in the file; texts may be anyhow. */
function withPlaceholders(schema: JsonSchema): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, property]): [string, Property] => {
      if (typeof property === 'boolean') return [key, property];
      const { description, ...rest } = property;
      const free = rest.type === 'string' && !rest.enum && !rest.pattern;
      if (free || rest.type === undefined) return [key, property];
      const head = description === undefined ? {} : { description };
      return [key, { ...head, anyOf: [rest, placeholder] } as Property];
    }),
  );
  return { ...schema, properties };
}

function describe(property: Property | undefined): string | undefined {
  return typeof property === 'object' ? property.description : undefined;
}

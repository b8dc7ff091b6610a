import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { recipeJsonSchema, recipeJsonSchemaText } from '../../../recipe/json-schema.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  examples: [
    [
      'recipe schema --out recipes/recipe.schema.json',
      'Renew the copy that editors are pointed to',
    ],
  ],
  builder: (yargs) =>
    yargs.option('out', {
      type: 'string',
      requiresArg: true,
      describe: 'Write to a file instead of standard output',
    }),
  run: async ({ cwd }, { out }) => {
    const text = recipeJsonSchemaText();
    if (out === undefined) return { json: { schema: recipeJsonSchema() }, text };
    writeFileSync(resolve(cwd, out), text);
    return { json: { file: out }, text: out };
  },
});

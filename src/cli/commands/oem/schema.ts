import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { providerJsonSchema, providerJsonSchemaText } from '../../../recipe/provider-schema.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  examples: [
    [
      'oem schema --out oem-providers/provider.schema.json',
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
    const text = providerJsonSchemaText();
    if (out === undefined) return { json: { schema: providerJsonSchema() }, text };
    writeFileSync(resolve(cwd, out), text);
    return { json: { file: out }, text: out };
  },
});

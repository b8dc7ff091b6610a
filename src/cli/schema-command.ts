import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, defineCommand } from './command.ts';

/** A command that prints a JSON Schema for editors, or writes it to a file: `recipe schema`, `oem schema`. */
export function schemaCommand(example: string, schema: () => object, text: () => string): Command {
  return defineCommand({
    examples: [[example, 'Renew the copy that editors are pointed to']],
    builder: (yargs) =>
      yargs.option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Write to a file instead of standard output',
      }),
    run: async ({ cwd }, { out }) => {
      if (out === undefined) return { json: { schema: schema() }, text: text() };
      writeFileSync(resolve(cwd, out), text());
      return { json: { file: out }, text: out };
    },
  });
}

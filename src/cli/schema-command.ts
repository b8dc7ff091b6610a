import { type Command, defineCommand } from './command.ts';
import { openOutput } from './output-file.ts';

/** A command that prints a JSON Schema for editors, or writes it to a file: `recipe schema`, `oem schema`. */
export function schemaCommand(example: string, schema: () => object, text: () => string): Command {
  return defineCommand({
    examples: [[example, 'Renew the copy that editors are pointed to']],
    builder: (yargs) =>
      yargs.option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Write to this file; - for standard output, as without it',
      }),
    dash: { out: 'output' },
    run: async (context, { out }) => {
      const output = out === undefined ? undefined : openOutput(context, out, { option: '--out' });
      if (!out || !output || output.isStdout) return { json: { schema: schema() }, text: text() };
      await output.write((write) => write(text()));
      return { json: { file: out }, text: out };
    },
  });
}

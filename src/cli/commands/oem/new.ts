import { basename, join, relative, resolve } from 'node:path';
import { scaffold } from '../../../builder/oem/scaffold.ts';
import { packageRoot } from '../../../host/package-root.ts';
import { providerSchema } from '../../../recipe/provider-schema.ts';
import { defineCommand } from '../../command.ts';
import { writeNewTree } from '../../new-files.ts';
import { assertEmpty, assertWord, providerNameOf } from '../../new-folder.ts';
import { shellPath } from '../../text/shell-word.ts';

export const command = defineCommand({
  examples: [
    ['oem new oem-providers/acme', 'provider.yaml with comments, files/, a collector, a README'],
    ['oem new oem-providers/rx --name acme-rx --vendor "ACME Servers"', 'With another name'],
  ],
  builder: (yargs) =>
    yargs
      .positional('dir', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of the provider; created if it is missing, refused if it is not empty',
      })
      .option('name', {
        type: 'string',
        requiresArg: true,
        defaultDescription: 'the name of the folder',
        describe: 'Name of the provider: up to 8 small letters, digits and dashes',
      })
      .option('vendor', {
        type: 'string',
        requiresArg: true,
        default: 'Example Company',
        describe: 'Name of the company',
      }),
  dash: { name: 'text', vendor: 'text' },
  run: async ({ cwd }, { dir, name, vendor }) => {
    const folder = resolve(cwd, dir);
    const called = name ?? providerNameOf(basename(folder));
    assertWord('--name', providerSchema.shape.name.safeParse(called), called);
    assertWord('--vendor', providerSchema.shape.vendor.safeParse(vendor), vendor);
    assertEmpty(folder, dir, { code: 'oem.exists' });
    const files = scaffold(called, vendor, schemaFor(folder));
    writeNewTree(folder, files);
    const paths = files.map(({ path }) => join(dir, path));
    const word = shellPath(dir);
    const next = `next: twinbank oem test ${word}, then twinbank oem check ${word}`;
    return { json: { name: called, files: paths }, text: [...paths, next].join('\n') };
  },
});

/** Inside the package editors find its schema; elsewhere no path would hold for others. */
function schemaFor(folder: string): string | undefined {
  try {
    const root = packageRoot();
    const inside = !relative(root, folder).startsWith('..');
    const schema = join(root, 'oem-providers/provider.schema.json');
    return inside ? relative(folder, schema) : undefined;
  } catch {
    return undefined;
  }
}

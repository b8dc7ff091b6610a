import { readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { scaffold } from '../../../builder/oem/scaffold.ts';
import { packageRoot, packageVersion } from '../../../host/package-root.ts';
import { providerSchema } from '../../../recipe/provider-schema.ts';
import { recipeSchema } from '../../../recipe/schema.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { writeNewTree } from '../../new-files.ts';
import { assertEmpty, assertWord, providerNameOf } from '../../new-folder.ts';
import { shellPath } from '../../text/shell-word.ts';
import { repositoryFiles } from './repository.ts';

/** Of each CI system where its file belongs, and which of docs/ci/ that is. */
const ciFiles = {
  github: { path: '.github/workflows/images.yml', from: 'github-actions.yml' },
  gitlab: { path: '.gitlab-ci.yml', from: 'gitlab-ci.yml' },
} as const;

export const command = defineCommand({
  examples: [
    ['new acme-images', 'Recipe, OEM provider, scenario, CI for GitHub, README'],
    ['new acme-images --vendor "ACME Servers" --ci gitlab', 'With CI for GitLab'],
    ['new . --package file:vendor/twinbank-0.1.0.tgz', 'Here, with a packed twinbank'],
  ],
  builder: (yargs) =>
    yargs
      .positional('dir', {
        type: 'string',
        demandOption: true,
        describe:
          'Folder of the repository; made where it is missing, refused where it has more than .git',
      })
      .option('name', {
        type: 'string',
        requiresArg: true,
        defaultDescription: 'the name of the folder',
        describe: 'Name of the image',
      })
      .option('vendor', {
        type: 'string',
        requiresArg: true,
        default: 'Example Company',
        describe: 'Company that answers for it',
      })
      .option('ci', {
        choices: ['github', 'gitlab', 'none'] as const,
        requiresArg: true,
        default: 'github' as const,
        describe: 'CI system that tests it',
      })
      .option('package', {
        type: 'string',
        requiresArg: true,
        defaultDescription: 'the version of this twinbank',
        describe: 'What package.json takes for twinbank: a version, or file:PATH of a packed one',
      }),
  dash: { name: 'text', vendor: 'text', package: 'text' },
  run: async ({ cwd }, { dir, name, vendor, ci, package: twinbank = packageVersion() }) => {
    const folder = resolve(cwd, dir);
    const called = name ?? imageNameOf(basename(folder));
    assertWord('--name', recipeSchema.shape.name.safeParse(called), called);
    assertWord('--vendor', providerSchema.shape.vendor.safeParse(vendor), vendor);
    if (twinbank.trim() === '')
      throw usageError('--package: expected a version or file:PATH, found ""');
    assertEmpty(folder, dir, { code: 'new.exists', ignored: ['.git'] });
    const provider = ownProvider(called);
    const place = join('oem-providers', provider);
    const schema = relative(place, 'node_modules/twinbank/oem-providers/provider.schema.json');
    const files = [
      ...repositoryFiles({ name: called, vendor, provider, twinbank }),
      ...scaffold(provider, vendor, schema).map((file) => ({
        ...file,
        path: join(place, file.path),
      })),
      ...(ci === 'none' ? [] : [ciFile(ciFiles[ci])]),
    ];
    writeNewTree(folder, files);
    const paths = files.map(({ path }) => join(dir, path));
    const next = `next: cd ${shellPath(dir)}, npm install, and what README.md says`;
    return { json: { name: called, provider, files: paths }, text: [...paths, next].join('\n') };
  },
});

/** Names of a bank's own modules, which no provider can have. */
const taken = [
  ...['vmkernel', 'boot', 'engine', 'agents', 'vmm', 'drivers', 'tools', 'base', 'twinbank'],
];

/** The first word of an image's name, such as `acme` of `acme-images`. */
function ownProvider(name: string): string {
  const [first = ''] = name.split(/[-._]/).map(providerNameOf).filter(Boolean);
  return first === '' || taken.includes(first) ? 'oem' : first;
}

/** Of a folder's name what an image can be called. */
function imageNameOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 48);
}

function ciFile({ path, from }: { readonly path: string; readonly from: string }) {
  return { path, text: readFileSync(join(packageRoot(), 'docs/ci', from), 'utf8') };
}

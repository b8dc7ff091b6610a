import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assertPackedTrusted, trustedKeys } from '../../../builder/manifests.ts';
import { planPackedOem } from '../../../builder/modules/oem.ts';
import { type CheckOptions, checkOem, type OemCheck } from '../../../builder/oem/check-oem.ts';
import { readProviderTree } from '../../../builder/oem/provider-tree.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { recipeError } from '../../../recipe/diagnostic.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { readProvider } from '../../../recipe/provider.ts';
import { fileSource } from '../../../recipe/recipe-file.ts';
import { developmentKey, isDevelopmentKey, type PublicKey } from '../../../update/signing/key.ts';
import { signatureKeyIds } from '../../../update/signing/signature.ts';
import { type Context, defineCommand } from '../../command.ts';
import { componentContext } from '../../component-context.ts';
import { assertOemPaths, oemPaths, setOption, trustOemOption } from '../../options.ts';
import { loadTrustedKeys, trustOption } from '../../secrets/signing-key.ts';
import { baseOption } from './oem-base.ts';

/** A folder has no signature. */
const needsPacked = ({ provider }: { readonly provider: string }, cwd: string) =>
  statSync(resolve(cwd, provider), { throwIfNoEntry: false })?.isDirectory()
    ? 'a packed .oem file'
    : undefined;

export const command = defineCommand({
  examples: [
    ['oem check oem-providers/acme', 'Against the default recipe'],
    ['oem check oem-providers/acme --recipe recipes/lab.yaml', 'Against another one'],
    ['oem check oem-providers/acme --oem oem-providers/ridge', 'Together with another OEM'],
    ['oem check acme.oem --key acme.pub', 'A packed one, signed by this key'],
  ],
  builder: (yargs) =>
    trustOption(trustOemOption(baseOption(setOption(yargs))))
      .positional('provider', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a provider, or a packed .oem file',
      })
      .option('oem', {
        type: 'string',
        array: true,
        default: [] as string[],
        defaultDescription: 'the OEMs of the recipe',
        requiresArg: true,
        describe:
          'OEM provider to check it together with, a folder or a packed .oem file; may be repeated, replaces the OEMs of the recipe',
      }),
  needs: { key: needsPacked },
  run: async (context, { provider: path, oem, recipe: base, set, key, trustOem }) => {
    assertOemPaths(oem, context.cwd);
    const full = resolve(context.cwd, path);
    const isFolder = statSync(full).isDirectory();
    const { recipe: loaded } = loadRecipe(base, { set, oem: oemPaths(oem), cwd: context.cwd });
    // A recipe that has it already is asked about the rest of it.
    const recipe = { ...loaded, oem: loaded.oem.filter((one) => one.path !== full) };
    const subject = isFolder
      ? folderOf(full, context.cwd)
      : packedOf(context, full, [...trustedKeys(recipe), ...(await loadTrustedKeys(context, key))]);
    const components = await componentContext(context, { trustOem });
    const shown = fileSource(isFolder ? join(full, 'provider.yaml') : full, context.cwd).shown;
    const checked = await checkOem({ subject, recipe, components, shown });
    for (const text of checked.warnings) context.report({ type: 'warning', text });
    if (checked.problems.length > 0) throw recipeError(checked.problems);
    return result(path, checked);
  },
});

type Subject = CheckOptions['subject'];

/** Where nothing at all is known of it, there is nothing to hold against a recipe. */
function folderOf(path: string, cwd: string): Subject {
  const { provider, problems } = readProvider(path, cwd);
  if (!provider) throw recipeError(problems);
  const folder = readProviderTree(provider);
  return { provider, folder: { ...folder, problems: [...problems, ...folder.problems] } };
}

/** Who has no keys builds with the development key, and takes what it has signed. */
function packedOf({ report }: Context, path: string, trusted: readonly PublicKey[]): Subject {
  const plan = planPackedOem(path);
  const packed = plan.oem?.packed;
  if (packed) {
    const keyIds = assertPackedTrusted(packed, path, [...trusted, developmentKey.public]);
    if (keyIds.every(isDevelopmentKey)) {
      const text = `${plan.name} is signed with the development key, which everybody has: for tests only`;
      report({ type: 'warning', text });
    }
  }
  return { plan };
}

function result(path: string, { module, fit }: OemCheck) {
  const { name = '', version = '', bytes = 0, oem } = module ?? {};
  const { provides, requires, conflicts, replaces } = oem?.relations ?? {};
  const packed = oem?.packed;
  const keyIds = packed ? signatureKeyIds(packed.signature, `${name}.json`) : [];
  const free = fit?.free ?? 0;
  return {
    json: {
      valid: true,
      name,
      version,
      bytes,
      bytesFree: free,
      keyIds,
      provides,
      requires,
      conflicts,
      replaces,
    },
    text: `${path}: ${name} ${version} is valid, ${humanSize(bytes)} in the bank, which keeps ${humanSize(free)} free`,
  };
}

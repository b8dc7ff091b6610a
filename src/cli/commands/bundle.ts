import { resolve } from 'node:path';
import { prepareImage } from '../../builder/build-image.ts';
import { bundlePartsOfBuild } from '../../builder/bundle-of-build.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { humanSize } from '../../diagnostics/size.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { loadRecipe } from '../../recipe/load.ts';
import { isRecipeName } from '../../recipe/recipe-path.ts';
import { readBankForUpdate } from '../../update/bank-reading.ts';
import { bundlePartsOf } from '../../update/bundle/bundle-of-bank.ts';
import { type BundleParts, type BundlePlan, planBundle } from '../../update/bundle/make-bundle.ts';
import { type OlderBuild, olderBuildOf, readOlderBuild } from '../../update/bundle/older-build.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { nextBank } from '../../update/next-bank.ts';
import { isDevelopmentKey, type SigningKey } from '../../update/signing/key.ts';
import { writeBundleFile } from '../bundle-output.ts';
import { type Context, defineCommand } from '../command.ts';
import { componentContext } from '../component-context.ts';
import { withHostDisk } from '../host-disk.ts';
import { assertOemPaths, oemOption, oemPaths, setOption, trustOemOption } from '../options.ts';
import { assertNotRead, openOutput, reportNote } from '../output-file.ts';
import { readSmallFile } from '../secrets/read-descriptor.ts';
import { loadSigningKey, signingKeyOption, warnOfDevelopmentKey } from '../secrets/signing-key.ts';
import { plain } from '../text/plain-text.ts';
import { table } from '../text/table.ts';
import { keysText } from '../text/update-text.ts';

/** More than the list of any image's modules has. */
const maxManifestBytes = 2 ** 26;

const needsRecipe = ({ source }: { readonly source: string }) =>
  isRecipeName(source) ? undefined : 'a recipe as source';

export const command = defineCommand({
  examples: [
    ['bundle recipes/default.yaml --key release.key --out twinbank-1.1.0.tbu', 'All of a build'],
    [
      'bundle out/twinbank-1.1.0.img --from out/twinbank-1.0.0.manifest.json --key release.key --out small.tbu',
      'Only what hosts with 1.0.0 lack',
    ],
  ],
  builder: (yargs) =>
    trustOemOption(signingKeyOption(oemOption(setOption(yargs))))
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'A recipe (.yaml), or an image; of an image, the bank that boots next',
      })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: 'Leave out what this older image has; its manifest file will do',
      })
      .option('out', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'File for the bundle, usually .tbu; - for standard output',
      }),
  dash: { out: 'output' },
  needs: { set: needsRecipe, oem: needsRecipe, 'trust-oem': needsRecipe },
  run: async (context, { source, set, oem, trustOem, from, out, key, passphraseFd }) => {
    const output = openOutput(context, out, { option: '--out', binary: true });
    assertNotRead(output, '--out', [source, from, key, ...(oem ?? [])]);
    assertOemPaths(oem, context.cwd);
    const signingKey = await loadSigningKey(context, { key, passphraseFd });
    const older = from === undefined ? undefined : await olderBuild(context, from);
    const make = async (parts: BundleParts) => {
      const plan = planBundle(parts, signingKey, older);
      return { plan, bytes: await writeBundleFile(context, output, plan) };
    };
    const { plan, bytes } = isRecipeName(source)
      ? await make(await buildParts(context, source, { set, oem, trustOem, signingKey }))
      : await withHostDisk(
          source,
          resolve(context.cwd, source),
          { writable: false },
          async (disk) => make(bundlePartsOf(disk, nextBank(disk))),
        );
    const { index, rows, trustsDevelopmentKey } = plan;
    warnOfDevelopmentKey(context, signingKey);
    if (trustsDevelopmentKey && !isDevelopmentKey(signingKey.public.id)) {
      const text = `hosts with ${index.build} trust the development key, which everybody has; build the image with --key KEY`;
      context.report({ type: 'warning', text });
    }
    const { product, version, build } = index;
    const keyIds = [signingKey.public.id];
    const relative = index.from ? `, relative to ${plain(index.from.build)}` : '';
    const text = [
      bundleTable(plan),
      `${output.name}: ${build}${relative}, ${humanSize(bytes)}, signed by ${keysText(keyIds)}`,
    ].join('\n');
    if (output.isStdout) return reportNote(context, text);
    return {
      json: {
        bundle: out,
        bytes,
        product,
        version,
        build,
        from: index.from ?? null,
        keyIds,
        development: isDevelopmentKey(signingKey.public.id),
        files: rows,
      },
      text,
    };
  },
});

async function buildParts(
  context: Context,
  path: string,
  options: {
    set: readonly string[];
    oem: readonly string[];
    trustOem: boolean | undefined;
    signingKey: SigningKey;
  },
): Promise<BundleParts> {
  const { set, oem, trustOem } = options;
  const { recipe } = loadRecipe(path, { set, oem: oemPaths(oem), cwd: context.cwd });
  const components = await componentContext(context, { trustOem });
  let step = 0;
  const prepared = await prepareImage({ recipe, components, key: options.signingKey }, (title) =>
    context.report({ type: 'step', step: ++step, of: 3, title }),
  );
  return bundlePartsOfBuild(prepared);
}

/** An image's next bank, or a manifest by its first byte. */
async function olderBuild(context: Context, path: string): Promise<OlderBuild> {
  const file = resolve(context.cwd, path);
  if (firstByte(file) === '{') {
    const bytes = await readSmallFile(context, file, { name: path, limit: maxManifestBytes });
    return readOlderBuild(bytes, path);
  }
  const read = async (disk: HostDisk) => {
    const number = nextBank(disk);
    const bank = disk.banks.find((one) => one.number === number);
    const { manifests = [] } = bank ? readBankForUpdate(number, bank.device) : {};
    if (manifests[0]?.manifest.base) return olderBuildOf(manifests);
    const message = `bank ${number}: expected the manifest of its base, found none that can be read`;
    throw new TwinbankError('corrupt', 'bundle.older-build', message);
  };
  return withHostDisk(path, file, { writable: false }, read).catch((error: unknown) => {
    if (!(error instanceof TwinbankError) || error.kind !== 'corrupt') throw error;
    const { kind, code, message, data } = error;
    const hint = '--from takes an image, or the .manifest.json beside one';
    throw new TwinbankError(kind, code, `${message}; ${hint}`, { data, cause: error });
  });
}

function firstByte(path: string): string {
  const device = openFileDevice(path);
  try {
    return device.size === 0 ? '' : Buffer.from(device.read(0, 1)).toString('latin1');
  } finally {
    device.close();
  }
}

function bundleTable({ rows }: BundlePlan): string {
  const cells = rows.map(({ name, version, bytes, sent }) => {
    return [plain(name), plain(version), humanSize(bytes), sent ? 'sent' : 'left out'];
  });
  return table([['module or package', 'version', 'size', ''], ...cells]);
}

import { realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { packOem } from '../../../builder/oem/pack-oem.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { referencedFiles } from '../../../recipe/host-files.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { type LoadedProvider, loadProvider } from '../../../recipe/provider.ts';
import { isDevelopmentKey } from '../../../update/signing/key.ts';
import { defineCommand } from '../../command.ts';
import { componentContext } from '../../component-context.ts';
import { usageError } from '../../failure.ts';
import { setOption, trustOemOption } from '../../options.ts';
import { assertNotRead, openOutput, reportNote } from '../../output-file.ts';
import { loadSigningKey, signingKeyOption } from '../../secrets/signing-key.ts';
import { keysText } from '../../text/update-text.ts';
import { baseOption } from './oem-base.ts';

export const command = defineCommand({
  examples: [
    ['oem pack oem-providers/acme --key acme.key --out acme-1.0.oem', 'For the default recipe'],
    [
      'oem pack oem-providers/acme --recipe recipes/lab.yaml --key acme.key --out acme.oem',
      'For the product and the kernel of another one',
    ],
  ],
  builder: (yargs) =>
    signingKeyOption(trustOemOption(baseOption(setOption(yargs))))
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder of the provider' })
      .option('out', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'File for the packed OEM, usually .oem; - for standard output',
      }),
  dash: { out: 'output' },
  run: async (context, { dir, recipe: base, set, out, key, passphraseFd, trustOem }) => {
    const output = openOutput(context, out, { option: '--out', binary: true });
    const signingKey = await loadSigningKey(context, { key, passphraseFd });
    const provider = loadProvider(dir, context.cwd);
    assertNotOwn(output.replaces, provider, dir);
    assertNotRead(output, '--out', [key, base, ...referencedFiles(provider)]);
    const { recipe } = loadRecipe(base, { set, cwd: context.cwd });
    assertNotRead(output, '--out', referencedFiles(recipe));
    const components = await componentContext(context, { trustOem });
    const packed = await packOem(provider, { recipe, components, key: signingKey });
    await output.write((write) => write(packed.bytes));
    const { manifest } = packed.kept;
    const { origin, vendor, version, product, modules } = manifest;
    const requires = modules.flatMap((module) => module.requires);
    const { length: bytes } = packed.bytes;
    const keyIds = [signingKey.public.id];
    const needs = requires.length > 0 ? `; requires ${requires.join(', ')}` : '';
    const text = `${output.name}: ${origin} ${version} for ${product}, ${humanSize(bytes)}, signed by ${keysText(keyIds)}${needs}`;
    if (output.isStdout) return reportNote(context, text);
    return {
      json: {
        file: out,
        bytes,
        name: origin,
        vendor,
        version,
        product,
        requires,
        keyIds,
        development: isDevelopmentKey(signingKey.public.id),
      },
      text,
    };
  },
});

/** Of a provider's folder an output may replace what was packed into it before, and nothing that is a part of it. */
function assertNotOwn(replaced: string | undefined, { folder }: LoadedProvider, dir: string): void {
  if (replaced === undefined) return;
  const within = relative(realpathSync(folder), replaced);
  const [first] = within.split(sep);
  const wasPacked = within.endsWith('.oem') && first !== 'files';
  if (first === '..' || wasPacked) return;
  throw usageError(
    `--out: expected another file than ${join(dir, within)}, which belongs to the provider`,
  );
}

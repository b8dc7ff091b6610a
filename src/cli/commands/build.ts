import { randomUUID } from 'node:crypto';
import { relative, resolve } from 'node:path';
import { buildImage } from '../../builder/build-image.ts';
import { type ImageFormat, imageFormats } from '../../builder/outputs.ts';
import { loadRecipe } from '../../recipe/load.ts';
import { isDevelopmentKey } from '../../update/signing/key.ts';
import { defineCommand } from '../command.ts';
import { componentContext } from '../component-context.ts';
import { usageError } from '../failure.ts';
import { fitTable } from '../fit-table.ts';
import { oemOption, oemSettings, setOption } from '../options.ts';
import { loadSigningKey, signingKeyOption, warnOfDevelopmentKey } from '../signing-key.ts';
import { keysText } from '../update-text.ts';

export const command = defineCommand({
  examples: [
    ['build recipes/default.yaml', 'Build the default image into out/'],
    ['build recipes/default.yaml --format raw,qcow2 --out /tmp/images', 'In two formats'],
    ['build recipes/default.yaml --set version=1.0.0', 'With one value changed'],
  ],
  builder: (yargs) =>
    signingKeyOption(oemOption(setOption(yargs)))
      .positional('recipe', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Recipe files',
      })
      .option('out', {
        type: 'string',
        default: 'out',
        requiresArg: true,
        describe: 'Folder for the results',
      })
      .option('format', {
        type: 'string',
        default: 'raw',
        requiresArg: true,
        describe: `Formats of the image, separated by commas: ${imageFormats.join(', ')}`,
      })
      .option('locked', {
        type: 'boolean',
        describe: "Take exactly the versions of the recipe's lock",
      })
      .option('unique', {
        type: 'boolean',
        describe: 'Give the image GUIDs of its own instead of derived ones',
      }),
  run: async (context, options) => {
    const { recipe: paths, set, oem, out, format, locked, unique } = options;
    const formats = parseFormats(format);
    const key = await loadSigningKey(context, options);
    const built = [];
    for (const path of paths) {
      const settings = [...set, ...oemSettings(oem)];
      const { recipe } = loadRecipe(path, { set: settings, cwd: context.cwd });
      const components = await componentContext(context, locked ? path : undefined);
      const result = await buildImage({
        recipe,
        components,
        report: context.report,
        out: resolve(context.cwd, out),
        formats,
        key,
        ...(unique && { identity: randomUUID() }),
      });
      const files = result.files.map((file) => relative(context.cwd, file));
      built.push({ ...result, recipe: path, files });
    }
    warnOfDevelopmentKey(context, key);
    return {
      json: {
        images: built.map(({ recipe, build, files, fit, modules }) => ({
          recipe,
          build,
          files,
          fit,
          keyIds: [key.public.id],
          development: isDevelopmentKey(key.public.id),
          modules: modules.map(({ name, version, kind, bytes, sha256 }) => {
            return { name, version, kind, bytes, sha256 };
          }),
        })),
      },
      text: built
        .map(({ fit, modules, files }) =>
          [fitTable(fit, modules), `signed by ${keysText([key.public.id])}`, ...files].join('\n'),
        )
        .join('\n\n'),
    };
  },
});

function parseFormats(text: string): ImageFormat[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if ((imageFormats as string[]).includes(name)) continue;
    throw usageError(
      `--format: expected ${imageFormats.join(' or ')}, found ${JSON.stringify(name)}`,
    );
  }
  return [...new Set(names)] as ImageFormat[];
}

import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { BuildOptions } from '../../../builder/build-image.ts';
import { buildImages } from '../../../builder/build-images.ts';
import { type ImageFormat, imageFormats } from '../../../builder/image-formats.ts';
import { type Report, silent } from '../../../diagnostics/progress.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { allocatedBytes } from '../../../disk/allocated-bytes.ts';
import { assertOutputFolder } from '../../../disk/output-folder.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { oemOption, setOption, trustOemOption } from '../../options.ts';
import {
  loadSigningKey,
  signingKeyOption,
  warnOfDevelopmentKey,
} from '../../secrets/signing-key.ts';
import { buildResult } from './build-result.ts';
import { sharedBases } from './image-bases.ts';
import { orderImages } from './image-orders.ts';
import { withSourceDate } from './source-date.ts';

export const command = defineCommand({
  examples: [
    ['build twinbank:default', 'Build the default image into out/'],
    ['build recipes/site.yaml --locked', 'With exactly the versions of its lock'],
    ['build recipes/default.yaml --format raw,qcow2 --out /tmp/images', 'In two formats'],
    ['build recipes/default.yaml --set version=1.0.0', 'With one value changed'],
    [
      'build recipes/*.yaml --oem oem-providers/acme --oem oem-providers/ridge --oem none --matrix',
      'Every recipe with every OEM',
    ],
  ],
  builder: (yargs) =>
    trustOemOption(signingKeyOption(oemOption(setOption(yargs))))
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
      .option('matrix', {
        type: 'boolean',
        describe:
          'One image of every recipe with every --oem: one provider, several in one image (a,b), or none',
      })
      .option('locked', {
        type: 'boolean',
        describe: 'Use exactly the versions in the lock file of the recipe',
      })
      .option('unique', {
        type: 'boolean',
        describe: 'Give the image new random GUIDs instead of derived ones',
      }),
  run: async (context, options) => {
    const { recipe: recipes, oem, matrix = false, out, locked = false, unique } = options;
    const { cwd, report, signal, env } = context;
    const set = withSourceDate(options.set, env);
    const formats = parseFormats(options.format);
    assertOutputFolder(resolve(cwd, out), out);
    const key = await loadSigningKey(context, options);
    const images = orderImages({ recipes, set, oem, matrix, cwd });
    const several = images.length > 1;
    const withoutSteps: Report = (event) => {
      const isDetail = event.type === 'step' || event.type === 'note';
      if (!isDetail && !(event.type === 'done' && event.cached)) report(event);
    };
    const progress = several ? withoutSteps : report;
    const share = sharedBases({ ...context, report: progress }, images, {
      locked,
      trustOem: options.trustOem,
    });
    const orders = images.map(({ recipe, oem: column, name, loaded }) => ({
      name,
      order: async (): Promise<BuildOptions> => {
        if ('error' in loaded) throw loaded.error;
        const { resolved } = loaded;
        return {
          ...(await share(recipe, resolved)),
          recipe: resolved,
          report: progress,
          fileName: name,
          formats,
          key,
          out: resolve(cwd, out),
          request: { recipe, set, oem: column, locked },
          ...(unique && { identity: randomUUID() }),
        };
      },
    }));
    const outcomes = await buildImages(orders, { report: several ? report : silent, signal });
    if (outcomes.some((one) => 'built' in one)) warnOfDevelopmentKey(context, key);
    const rows = images.flatMap((image, at) => {
      const outcome = outcomes[at];
      return outcome ? [[image, outcome] as const] : [];
    });
    const result = buildResult(context, rows, key);
    const outBytes = allocatedBytes(resolve(cwd, out));
    return {
      ...result,
      json: { ...result.json, outBytes },
      text: `${result.text}\n${out}: ${humanSize(outBytes)} on the disk, with all that is in it`,
    };
  },
});

function parseFormats(text: string): ImageFormat[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if ((imageFormats as readonly string[]).includes(name)) continue;
    throw usageError(
      `--format: expected ${imageFormats.join(' or ')}, found ${JSON.stringify(name)}`,
    );
  }
  return [...new Set(names)] as ImageFormat[];
}

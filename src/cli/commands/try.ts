import { join, relative, resolve } from 'node:path';
import { buildImage } from '../../builder/build-image.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { humanSize } from '../../diagnostics/size.ts';
import { assertOutputFolder } from '../../disk/output-folder.ts';
import { flashFile } from '../../flash/flash-file.ts';
import { type BootResult, bootInQemu } from '../../harness/qemu/boot.ts';
import { defaultMachine } from '../../harness/qemu/machine.ts';
import { type Firmware, firmwares } from '../../harness/qemu/machine-options.ts';
import { linePrefix } from '../../protocol/console-event.ts';
import { loadRecipe } from '../../recipe/load.ts';
import { type Context, defineCommand } from '../command.ts';
import { componentContext } from '../component-context.ts';
import { bootSeconds } from '../machine-flags.ts';
import { setOption, trustOemOption } from '../options.ts';
import { loadSigningKey } from '../secrets/signing-key.ts';
import { fitTable } from '../text/fit-table.ts';
import { shellPath } from '../text/shell-word.ts';
import { timelineChart } from '../text/timeline-chart.ts';
import { inRange } from '../whole-number.ts';

export const command = defineCommand({
  examples: [['try', 'Build the default image, flash it, boot it under BIOS and UEFI']],
  builder: (yargs) =>
    trustOemOption(setOption(yargs))
      .positional('recipe', {
        type: 'string',
        default: 'twinbank:default',
        describe: 'A recipe file, or the name of one that comes with twinbank',
      })
      .option('out', {
        type: 'string',
        default: 'out',
        requiresArg: true,
        describe: 'Folder for the image and the disks',
      })
      .option('timeout', {
        type: 'number',
        default: 300,
        requiresArg: true,
        describe: 'Seconds to wait for each boot',
      }),
  run: async (context, { recipe: path, set, trustOem, out, ...options }) => {
    const timeoutMs = inRange('timeout', options.timeout, bootSeconds) * 1000;
    const folder = resolve(context.cwd, out);
    assertOutputFolder(folder, out);
    const { recipe } = loadRecipe(path, { set, cwd: context.cwd });
    const components = await componentContext(context, { trustOem });
    const { report, signal } = context;
    const key = await loadSigningKey(context, { key: undefined, passphraseFd: undefined });
    const formats = ['raw'] as const;
    const request = { recipe: path, set, locked: false };
    const built = await buildImage({
      recipe,
      components,
      report,
      out: folder,
      formats,
      key,
      request,
    });
    const image = built.files[0] ?? '';

    report({ type: 'note', text: 'Flash two virtual disks and boot them side by side' });
    const boots = await Promise.all(
      firmwares.map(async (firmware) => {
        const disk = join(folder, `${recipe.name}-${firmware}.disk`);
        await flashFile({ image, target: disk, overwrite: true, report, signal });
        const result = await bootDisk(context, disk, firmware, timeoutMs);
        return { firmware, disk: relative(context.cwd, disk), result };
      }),
    );

    const failed = boots.filter(({ result }) => result.outcome !== 'healthy');
    const names = failed.map(({ firmware, result }) => `${firmware}: ${result.outcome}`);
    return {
      json: {
        build: built.build,
        image: relative(context.cwd, image),
        fit: built.fit,
        boots: boots.map(({ firmware, disk, result }) => {
          const { outcome, booted, bootSeconds, stages } = result;
          return { firmware, disk, outcome, booted, bootSeconds: bootSeconds ?? null, stages };
        }),
      },
      text: [
        fitTable(built.fit, built.modules),
        ...boots.map(({ firmware, disk, result }) =>
          [`${firmware} (${disk})`, timelineChart(result, context.columns)].join('\n'),
        ),
        nextSteps(relative(context.cwd, image), built.fit.free),
      ].join('\n\n'),
      ...(names.length > 0 && {
        failure: new TwinbankError(
          'boot',
          'boot.failed',
          `expected ready lines under ${firmwares.join(' and ')}, found ${names.join(', ')}; see the console above`,
        ),
      }),
    };
  },
});

/** Boots a disk and shows its console, each line with the firmware's name, as two boots run at once. */
function bootDisk(
  { report, signal }: Context,
  image: string,
  firmware: Firmware,
  timeoutMs: number,
): Promise<BootResult> {
  return bootInQemu({
    machine: { ...defaultMachine, image, firmware, write: true },
    timeoutMs,
    signal,
    onLine: ({ seconds, text }) => {
      if (!text.startsWith(linePrefix)) return;
      report({ type: 'note', text: `${firmware} ${seconds.toFixed(1).padStart(6)} ${text}` });
    },
  });
}

function nextSteps(image: string, free: number): string {
  return [
    `${image} is ready, with ${humanSize(free)} of each bank free. Next:`,
    `  npx twinbank inspect ${shellPath(image)}`,
    `  npx twinbank boot ${shellPath(image)} --firmware uefi --disk nvme`,
    '  npx twinbank recipe show twinbank:default --origin',
  ].join('\n');
}

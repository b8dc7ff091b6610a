import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import { sha256 } from '../../src/builder/components/digest.ts';
import { composeImage } from '../../src/builder/compose.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { sliceDevice } from '../../src/disk/block-device.ts';
import { openFat } from '../../src/disk/fat/volume.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { readGpt } from '../../src/disk/gpt.ts';
import { runTool } from '../../src/host/run-tool.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { prepareGenimage } from './genimage.ts';
import { runProgram } from './run-program.ts';

const recipePath = 'recipes/default.yaml';

/** The whole commands: Node's start, recipe, plan, look-up of every module, image, block map, manifest, lock. */
export const imageRow: BenchRow = {
  name: 'image',
  meaning: 'twinbank build of cached modules against genimage, whole command against whole command',
  runs: 9,
  target: { ratio: 1.2 },
  setUp: (context) => imageContest(context),
};

/** The same, where both sides also make the block map that a build has beside its image. */
export const mappedImageRow: BenchRow = {
  name: 'image and map',
  meaning:
    'twinbank build against genimage and bmaptool create, which make an image and its block map',
  runs: 7,
  target: { ratio: 1 },
  setUp: async (context) => {
    const contest = await imageContest(context);
    const image = join(context.folder, 'genimage/images/disk.img');
    return {
      ...contest,
      theirs: async () => {
        await contest.theirs();
        await runTool('bmaptool', ['create', image, '-o', `${image}.bmap`]);
      },
    };
  },
};

/** What is left when everything is planned: for genimage that is all it ever does. */
export const composeRow: BenchRow = {
  name: 'compose',
  meaning: 'writing the image alone against genimage, which does nothing else',
  runs: 15,
  target: { ratio: 1 },
  setUp: async (context) => {
    const { parts, genimage } = await bothSides(context);
    const image = join(context.folder, 'ours.img');
    return {
      reset: async () => {
        await rm(image, { force: true });
        await genimage.reset();
      },
      ours: async () => {
        const file = openFileDevice(image, { create: true, size: parts.layout.size });
        composeImage(file, parts);
        file.close();
      },
      theirs: genimage.run,
      compare: async () => {
        // The last run may have been theirs, which removed ours.
        const file = openFileDevice(image, { create: true, size: parts.layout.size });
        composeImage(file, parts);
        file.close();
        await genimage.run();
        const [ours, theirs] = [contents(image), contents(genimage.image)];
        if (ours !== theirs) throw new Error(`expected equal images, found\n${ours}\n${theirs}`);
      },
    };
  },
};

async function imageContest(context: BenchContext) {
  const { program, root, folder } = context;
  const out = join(folder, 'ours');
  const { genimage } = await bothSides(context);
  return {
    reset: async () => {
      await rm(out, { recursive: true, force: true });
      await genimage.reset();
    },
    ours: () =>
      runProgram(process.execPath, [program, 'build', recipePath, '--out', out, '-q'], root),
    theirs: genimage.run,
  };
}

async function bothSides({ root, folder }: BenchContext) {
  const { recipe } = loadRecipe(recipePath, { set: [], cwd: root });
  const cache = userCache(process.env, silent);
  const components = { cache, apt: systemApt, report: silent };
  const { parts } = await prepareImage({ recipe, components }, () => {});
  return { parts, genimage: await prepareGenimage(parts, join(folder, 'genimage')) };
}

/** Partitions and files of an image as text: all that both sides must have made alike. */
function contents(path: string): string {
  const device = openFileDevice(path);
  try {
    const lines = [`${device.size} bytes`];
    const byPlace = [...readGpt(device).partitions].sort((a, b) => a.firstLba - b.firstLba);
    for (const { name, type, guid, firstLba, lastLba } of byPlace) {
      lines.push([name, type, guid, firstLba, lastLba].join(' '));
      if (name === 'bios-boot' || name === 'coredump') continue;
      const slice = sliceDevice(device, firstLba * 512, (lastLba - firstLba + 1) * 512);
      const volume = openFat(slice);
      const files = volume.walk().map((entry) => {
        if (entry.directory) return `  ${entry.path}`;
        return `  ${entry.path} ${sha256(volume.read(entry.path))}`;
      });
      lines.push(`  clusters of ${volume.clusterBytes}`, ...files.sort());
    }
    return lines.join('\n');
  } finally {
    device.close();
  }
}

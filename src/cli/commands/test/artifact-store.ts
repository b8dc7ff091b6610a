import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildImage, prepareImage } from '../../../builder/build-image.ts';
import { bundlePartsOfBuild } from '../../../builder/bundle-of-build.ts';
import { orAborted } from '../../../diagnostics/or-aborted.ts';
import { type Report, silent } from '../../../diagnostics/progress.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { flashFile } from '../../../flash/flash-file.ts';
import { diskSummary } from '../../../harness/report/disk-summary.ts';
import type { DiskSummary } from '../../../harness/report/run-event.ts';
import type { ArtifactStore, BuiltImage } from '../../../harness/scenario/artifact-store.ts';
import type { BuildOrder } from '../../../harness/scenario/builds.ts';
import { temporaryFolder } from '../../../host/temporary-folder.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { planBundle } from '../../../update/bundle/make-bundle.ts';
import {
  type OlderBuild,
  olderBuildOf,
  readOlderBuild,
} from '../../../update/bundle/older-build.ts';
import type { SigningKey } from '../../../update/signing/key.ts';
import { writeBundleFile } from '../../bundle-output.ts';
import type { Context } from '../../command.ts';
import { componentContext } from '../../component-context.ts';
import { openOutput } from '../../output-file.ts';

interface OpenArtifactStore extends ArtifactStore {
  /** Removes everything that was made. */
  close(): Promise<void>;
}

/**
 * Images, bundles and disks for scenarios, as `build`, `bundle` and `flash` make them, in a folder of its own. Equal orders are
 * one product, whatever scenarios call them.
 */
export async function openArtifactStore(
  context: Context,
  key: SigningKey,
  trustOem?: boolean,
): Promise<OpenArtifactStore> {
  const { cwd, signal: stopped } = context;
  const temporary = temporaryFolder('test');
  const folder = temporary.path;
  const components = await componentContext(
    { ...context, report: onlyLong(context.report) },
    { trustOem },
  );
  const products = new Map<string, Promise<unknown>>();
  /** It goes on for the others when one that waits for it is told to end. */
  const once = <T>(
    what: unknown,
    make: (name: string) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const id = JSON.stringify(what);
    const product = (products.get(id) as Promise<T> | undefined) ?? make(String(products.size));
    products.set(id, product);
    return orAborted(product, signal);
  };
  const content = ({ recipe, set }: BuildOrder) => [recipe, set];
  const recipeOf = ({ recipe, set }: BuildOrder) => loadRecipe(recipe, { set, cwd }).recipe;
  const prepare = (order: BuildOrder) =>
    prepareImage({ recipe: recipeOf(order), components, key }, () => {});

  /** What hosts with a build have: of its image, where there is one, as `bundle --from` takes it. */
  const olderBuild = async (order: BuildOrder): Promise<OlderBuild> => {
    const built = await (products.get(JSON.stringify(['image', content(order)])) as
      | Promise<BuiltImage>
      | undefined);
    if (!built) return olderBuildOf((await prepare(order)).manifests);
    const manifest = built.path.replace(/\.img$/, '.manifest.json');
    return readOlderBuild(await readFile(manifest), order.name);
  };

  const image: ArtifactStore['image'] = (order, signal) =>
    once(
      ['image', content(order)],
      async (fileName): Promise<BuiltImage> => {
        const recipe = recipeOf(order);
        const { files, build } = await buildImage({
          recipe,
          components,
          key,
          fileName,
          out: folder,
          formats: ['raw'],
          report: silent,
          request: { recipe: order.recipe, set: order.set, locked: false },
        });
        return { path: files[0] ?? '', build };
      },
      signal,
    );

  const bundle: ArtifactStore['bundle'] = (order, from, signal) =>
    once(
      ['bundle', content(order), from && content(from)],
      async (name): Promise<BuiltImage> => {
        const parts = bundlePartsOfBuild(await prepare(order));
        const older = from && (await olderBuild(from));
        const plan = planBundle(parts, key, older);
        const path = join(folder, `${name}.tbu`);
        const output = openOutput({ ...context, json: false }, path, { option: 'bundle' });
        await writeBundleFile({ ...context, report: silent }, output, plan);
        return { path, build: plan.index.build };
      },
      signal,
    );

  const disk: ArtifactStore['disk'] = (path, size, signal) =>
    once(
      ['disk', path, size],
      async (name) => {
        const target = join(folder, `${name}.disk`);
        await flashFile({ image: path, target, size, report: silent, signal: stopped });
        return { path: target, summary: summaryOf(target) };
      },
      signal,
    );

  return {
    image,
    bundle,
    disk,
    async close() {
      await Promise.allSettled(products.values());
      await temporary.remove();
    },
  };
}

function summaryOf(path: string): DiskSummary {
  const device = openFileDevice(path);
  try {
    return diskSummary(device);
  } finally {
    device.close();
  }
}

/** Downloads and warnings; what a build says step by step would hide what is tested. */
function onlyLong(report: Report): Report {
  return (event) => {
    if (event.type === 'progress' || event.type === 'warning') report(event);
  };
}

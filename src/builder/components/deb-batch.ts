import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { specOf } from './apt.ts';
import { downloadPackages } from './apt-download.ts';
import { addFile, findObject, withScratch } from './cache.ts';
import type { ComponentContext, Fetched, Resolved } from './component.ts';
import { fetchDeb } from './deb-fetch.ts';
import { digestFile } from './digest.ts';
import { interrupted } from './io-error.ts';
import { mapParallel } from './retry.ts';

/**
 * Packages below this come several by one apt-get, which needs 0.2 s to start whatever it downloads (43
 * libraries of QEMU one by one: 4 s of it). To continue half of one is not worth the while.
 */
const smallBytes = 4 * 2 ** 20;

/** Packages for one run at least: one connection with requests in a row is as fast as several. */
const batchLength = 12;

/**
 * Packages in the cache, those that are not there downloaded: four runs of apt-get at once, large ones
 * each by itself, continued after an interruption. In order. Throws as `fetchDeb`.
 */
export async function fetchDebs(
  components: readonly Resolved[],
  runs: number,
  context: ComponentContext,
): Promise<Fetched[]> {
  const absent: Resolved[] = [];
  for (const component of components) {
    const cached = await findObject(context.cache, component.sha256, component.bytes);
    if (cached === undefined) absent.push(component);
  }
  const small = absent.filter((component) => component.bytes < smallBytes);
  const large = absent.filter((component) => component.bytes >= smallBytes);
  const tasks = [
    ...large.map((component) => [component]),
    ...distribute(small, Math.min(runs, Math.ceil(small.length / batchLength))),
  ];
  await mapParallel(tasks, runs, async (task) => {
    if (task.length > 1) await downloadBatch(task, context);
    else await Promise.all(task.map(fetchOne));
  });
  // What a batch could not bring is tried alone, with its retries and its own error.
  return mapParallel(components, runs, fetchOne);

  function fetchOne(component: Resolved): Promise<Fetched> {
    return fetchDeb(component, context);
  }
}

async function downloadBatch(batch: readonly Resolved[], context: ComponentContext) {
  const { cache, report, signal } = context;
  await withScratch(cache, async (directory) => {
    // Its failure may be one package's; the others it brought are kept all the same.
    await downloadPackages(batch.map(specOf), directory, context).catch(() => {});
    for (const name of await readdir(directory)) {
      const file = join(directory, name);
      const { size } = await stat(file);
      const candidates = batch.filter((component) => component.bytes === size);
      const digest = candidates.length > 0 ? await digestFile(file, 'sha256', 'hex') : '';
      const component = candidates.find((candidate) => candidate.sha256 === digest);
      if (!component) {
        await rm(file, { force: true });
        continue;
      }
      await addFile(cache, file);
      report({ type: 'done', task: component.id });
    }
  });
  if (signal?.aborted) throw interrupted(`fetching ${batch.map(({ id }) => id).join(', ')}`);
}

/** Distributes packages to at most `count`, so that each gets about as many bytes; no empty batch. */
function distribute(components: readonly Resolved[], count: number): Resolved[][] {
  const batches = Array.from({ length: count }, () => ({ bytes: 0, batch: [] as Resolved[] }));
  for (const component of [...components].sort((a, b) => b.bytes - a.bytes)) {
    const [least] = batches.sort((a, b) => a.bytes - b.bytes);
    least?.batch.push(component);
    if (least) least.bytes += component.bytes;
  }
  return batches.map(({ batch }) => batch).filter((batch) => batch.length > 0);
}

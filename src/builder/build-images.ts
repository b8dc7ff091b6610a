import { availableParallelism } from 'node:os';
import type { Report } from '../diagnostics/progress.ts';
import { type BuildOptions, type BuildResult, buildImage } from './build-image.ts';
import { mapParallel } from './components/retry.ts';
import type { BuiltModule } from './modules/module.ts';

/** What stays of an image that was built: all but the lists of files, so that a hundred images take no memory. */
export interface ImageSummary extends Omit<BuildResult, 'modules'> {
  readonly modules: readonly Omit<BuiltModule, 'paths' | 'inventory'>[];
}

/** How one image of several ended. */
export type ImageOutcome = { readonly seconds: number } & (
  | { readonly built: ImageSummary }
  | { readonly error: unknown }
);

/** An image to build. What cannot even be ordered, such as one of a broken recipe, throws; so only it is lost. */
type ImageOrder = () => BuildOptions | Promise<BuildOptions>;

/**
 * Builds images side by side, as many at once as there are cores; in the orders' order. One that fails leaves
 * the others alone. Throws nothing but the reason of an abort, once all that was under way has cleaned up.
 */
export async function buildImages(
  orders: readonly { readonly name: string; readonly order: ImageOrder }[],
  { report, signal }: { report: Report; signal: AbortSignal },
): Promise<ImageOutcome[]> {
  let done = 0;
  const outcomes = await mapParallel(orders, availableParallelism(), async ({ name, order }) => {
    signal.throwIfAborted();
    const started = performance.now();
    const outcome = await buildOne(order);
    const seconds = (performance.now() - started) / 1000;
    report({ type: 'step', step: ++done, of: orders.length, title: endOf(name, outcome, seconds) });
    return { ...outcome, seconds };
  });
  signal.throwIfAborted();
  return outcomes;
}

async function buildOne(order: ImageOrder): Promise<{ built: ImageSummary } | { error: unknown }> {
  try {
    const { modules, ...rest } = await buildImage(await order());
    return {
      built: { ...rest, modules: modules.map(({ paths: _, inventory: __, ...module }) => module) },
    };
  } catch (error) {
    return { error };
  }
}

function endOf(name: string, outcome: object, seconds: number): string {
  return `${name}: ${'built' in outcome ? 'built' : 'failed'} in ${seconds.toFixed(1)} s`;
}

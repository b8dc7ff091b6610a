import { parentPort, workerData } from 'node:worker_threads';
import type { CimClass, CimProvider } from './provider.ts';
import { providerProblems, schemasOf } from './provider-description.ts';
import { failureOf } from './provider-operations.ts';

/** A provider's bundle, loaded: what it says of its classes, and what is wrong with them. */
export interface ProviderSchemas {
  readonly problems: readonly string[];
  readonly classes: readonly CimClass[];
  readonly monitors: boolean;
}

/** Runs on the build host, in a thread that the builder ends: `workerData` has the bundle's text. */
async function describe(bundle: string, isBase: boolean): Promise<ProviderSchemas> {
  const url = `data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`;
  const { provider } = (await import(url)) as { provider?: CimProvider };
  if (!provider) {
    return {
      problems: ['expected an export named provider, found none'],
      classes: [],
      monitors: false,
    };
  }
  const problems = providerProblems(provider, isBase);
  const classes = problems.length === 0 ? schemasOf(provider) : [];
  return { problems, classes, monitors: provider.monitor !== undefined };
}

try {
  parentPort?.postMessage(await describe(workerData.bundle, workerData.isBase));
} catch (error) {
  const problems = [`expected to load, found: ${failureOf(error).message}`];
  parentPort?.postMessage({ problems, classes: [], monitors: false } satisfies ProviderSchemas);
}

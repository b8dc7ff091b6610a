import { TwinbankError } from '../../diagnostics/error.ts';
import type { Agent } from '../../runtime/agents/agent.ts';
import type { Cache } from '../components/cache.ts';
import type { Json } from '../components/derived.ts';
import type { FileTree } from '../components/file-tree.ts';
import { type CachedBundle, cachedBundle } from '../modules/cached-bundle.ts';
import { describeProvider, describeWorker } from './cim/describe-provider.ts';
import { cimClass, providerFiles } from './cim/provider-files.ts';

/** The CIM providers that agents of the base bring, planned. */
export interface BaseProviders {
  /** Their classes, which no OEM can claim. */
  readonly provides: readonly string[];
  readonly inputs: Json;
  readonly bundles: readonly CachedBundle[];
  /** Throws `agents.cim` (kind `internal`) where one is not what its agent's row says. */
  read(): Promise<FileTree>;
}

export async function planBaseProviders(
  agents: readonly Pick<Agent, 'name' | 'providers'>[],
  cache: Cache,
): Promise<BaseProviders> {
  const rows = agents.flatMap(({ name: agent, providers = [] }) =>
    providers.map((provider) => ({
      ...provider,
      entry: `src/runtime/agents/${agent}/${provider.entry}`,
    })),
  );
  const planned = await Promise.all(
    rows.map(async (row) => ({
      ...row,
      bundle: await cachedBundle(row.entry, { target: 'node22' }, cache),
    })),
  );
  const worker = planned.length > 0 ? await describeWorker(cache) : undefined;
  return {
    provides: rows.flatMap(({ classes }) => classes.map(cimClass)),
    inputs: {
      worker: worker?.sha256 ?? null,
      providers: planned.map(({ name, classes, bundle }) => [name, classes, bundle.sha256]),
    },
    bundles: planned.map(({ bundle }) => bundle),
    read: async () => {
      const tree: FileTree = new Map();
      for (const { name, entry, classes, bundle } of planned) {
        const data = await bundle.read();
        const schemas = await describeProvider(data, { cache, isBase: true, what: entry });
        const found = schemas.classes.map((one) => one.name).join();
        const wrong = schemas.problems[0] ?? (found === classes.join() ? undefined : found);
        if (wrong !== undefined) {
          throw new TwinbankError('internal', 'agents.cim', `${entry}: ${wrong}`);
        }
        const grants = { programs: {}, writes: [], devices: [] };
        const files = providerFiles('twinbank', name, data, schemas, grants);
        for (const [path, file] of files) tree.set(path, file);
      }
      return tree;
    },
  };
}

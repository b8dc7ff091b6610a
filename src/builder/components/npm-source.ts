import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { namedAt } from '../../diagnostics/system-error.ts';
import { runTool } from '../../host/run-tool.ts';
import type { NpmRef } from '../../recipe/component-ref.ts';
import { addFile, findObject, withScratch } from './cache.ts';
import type { ComponentContext, Fetched, Resolved } from './component.ts';
import { digestFile } from './digest.ts';
import { interrupted } from './io-error.ts';
import { remember, resolvedList } from './resolution-cache.ts';
import { mapParallel, retry, watchSize } from './retry.ts';

/**
 * What the registry has for each reference. A version of npm never changes, so the answer is kept for
 * ever. The registry does not tell the SHA-256 and the size that a lock has, so the first time this
 * downloads the package. Throws as `fetchNpms`.
 */
export async function resolveNpms(
  refs: readonly NpmRef[],
  context: ComponentContext,
): Promise<Resolved[]> {
  const resolved: Resolved[] = [];
  for (const ref of refs) {
    const query = ['npm', ref.name, ref.version];
    const found = await remember(context.cache, query, resolvedList, async () => {
      const { path: _, ...component } = await download(ref, undefined, context);
      return [component];
    });
    resolved.push(...found);
  }
  return resolved;
}

/**
 * Resolved packages in the cache, downloaded when they are not there; in order. Throws `recipe`
 * `components.unknown-package`, `io` (`components.download`, `components.hash`), `interrupted`.
 */
export function fetchNpms(
  components: readonly Resolved[],
  parallel: number,
  context: ComponentContext,
): Promise<Fetched[]> {
  return mapParallel(components, parallel, (component) => fetchNpm(component, context));
}

async function fetchNpm(component: Resolved, context: ComponentContext): Promise<Fetched> {
  const cached = await findObject(context.cache, component.sha256, component.bytes);
  if (cached !== undefined) return { ...component, path: cached };
  return download(component, component, context);
}

/**
 * Through `npm pack`, so that registries, proxies and credentials are the user's. It downloads into its
 * own cache and cannot continue half a file, so a broken download begins again.
 */
async function download(
  { name, version }: { name: string; version: string },
  expected: Resolved | undefined,
  context: ComponentContext,
): Promise<Fetched> {
  const { cache, report, signal } = context;
  const id = `npm:${name}`;
  try {
    return await retry(
      () =>
        withScratch(cache, async (scratch) => {
          const watch = watchSize(scratch, { id }, report);
          try {
            const spec = `${name}@${version}`;
            const [integrity, packed] = await Promise.all([
              expected?.integrity ?? registryIntegrity(spec, scratch, signal),
              npm(['pack', spec, '--json', '--pack-destination', scratch], scratch, signal),
            ]);
            const file = join(scratch, field(packed, '0', 'filename') ?? 'package.tgz');
            const plain = join(scratch, 'package');
            await rename(file, plain);
            const found = `sha512-${await digestFile(plain, 'sha512', 'base64')}`;
            if (found !== integrity) throw wrongHash(id, version, integrity, found);
            const object = await addFile(cache, plain);
            if (expected && object.sha256 !== expected.sha256) {
              throw wrongHash(id, version, expected.sha256, object.sha256);
            }
            report({ type: 'done', task: id });
            return { id, scheme: 'npm', name, version, integrity, ...object } as const;
          } finally {
            watch.stop();
          }
        }),
      context,
    );
  } catch (error) {
    throw signal?.aborted ? interrupted(`fetching ${id}`) : error;
  }
}

async function registryIntegrity(spec: string, cwd: string, signal?: AbortSignal): Promise<string> {
  const integrity = field(await npm(['view', spec, '--json', 'dist'], cwd, signal), 'integrity');
  // A spec names one version, but a registry may answer with a list of one.
  if (integrity?.startsWith('sha512-')) return integrity;
  throw new TwinbankError(
    'io',
    'components.integrity',
    `npm:${spec}: expected the registry to give its sha512, found ${integrity ?? 'none'}`,
  );
}

async function npm(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<unknown> {
  const [verb, spec = ''] = args;
  try {
    // Its own retries would wait for minutes behind ours.
    const quiet = ['--ignore-scripts', '--no-audit', '--no-update-notifier', '--fetch-retries=0'];
    // An `npm run --silent` around us would silence the errors that are told apart below.
    const { stdout } = await runTool('npm', [...args, ...quiet, '--loglevel=error'], {
      cwd,
      ...(signal ? { signal } : {}),
    });
    return JSON.parse(stdout.toString());
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.code !== 'host.tool-failed') throw error;
    if (/npm (error|ERR!) (code E404|404|code ETARGET|notarget)\b/.test(error.message)) {
      throw new TwinbankError(
        'recipe',
        'components.unknown-package',
        `npm:${spec}: expected a package and version that the registry has, found none`,
        { cause: error, data: { components: [`npm:${spec}`] } },
      );
    }
    if (error.data.errno !== undefined) throw namedAt(cwd, error);
    const code = /\bEINTEGRITY\b/.test(error.message) ? 'components.hash' : 'components.download';
    throw new TwinbankError('io', code, `npm:${spec}: npm ${verb}: ${error.message}`, {
      cause: error,
    });
  }
}

function field(value: unknown, ...keys: readonly string[]): string | undefined {
  let found: unknown = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return typeof found === 'string' ? found : undefined;
}

function wrongHash(id: string, version: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'io',
    'components.hash',
    `${id}@${version}: expected ${expected}, found ${found}; the registry or the connection is broken`,
  );
}

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { errnoIn, namedAt } from '../../diagnostics/system-error.ts';
import { specOf } from './apt.ts';
import { downloadFile, downloadPackages, resumableUri } from './apt-download.ts';
import { addFile, findObject } from './cache.ts';
import type { ComponentContext, Fetched, Resolved } from './component.ts';
import { digestFile } from './digest.ts';
import { atPath, interrupted } from './io-error.ts';
import { claimPartial, leavePartial, partialFile, releasePartial } from './partial.ts';
import { retry, watchSize } from './retry.ts';

/** The name of the file in a partial's directory. */
const partialName = 'package.deb';

/**
 * A resolved package in the cache, downloaded when it is not there. Throws kind `io`
 * (`components.gone`, `components.download`, `components.hash`, `file.no-space`) and `interrupted`; what
 * was downloaded until then is kept and continued.
 */
export async function fetchDeb(component: Resolved, context: ComponentContext): Promise<Fetched> {
  const { cache, report, signal } = context;
  const cached = await findObject(cache, component.sha256, component.bytes);
  if (cached !== undefined) return { ...component, path: cached };
  const directory = await atPath(cache.directory, () => claimPartial(cache, component.sha256));
  const watch = watchSize(directory, component, report);
  try {
    const uri = await resumableUri(specOf(component), context);
    const path = await retry(() => download(component, uri, directory, context), context);
    await releasePartial(directory);
    report({ type: 'done', task: component.id });
    return { ...component, path };
  } catch (error) {
    await leavePartial(directory);
    throw signal?.aborted ? interrupted(`fetching ${component.id}`) : error;
  } finally {
    watch.stop();
  }
}

async function download(
  component: Resolved,
  uri: string | undefined,
  directory: string,
  context: ComponentContext,
): Promise<string> {
  // Such as the .FAILED that apt makes of a file whose hash was wrong.
  for (const name of await readdir(directory)) {
    if (name !== partialName || uri === undefined) await rm(join(directory, name), { force: true });
  }
  const isWhole = (await partialFile(directory))?.bytes === component.bytes;
  if (!isWhole) {
    const failure =
      uri === undefined
        ? await downloadPackages([specOf(component)], directory, context)
        : await downloadFile(uri, join(directory, partialName), context);
    if (failure !== undefined) throw namedAt(directory, explain(component, failure));
  }
  const file = await partialFile(directory);
  if (!file) throw downloadFailed(component, 'no file');
  const found = await digestFile(file.path, 'sha256', 'hex');
  if (file.bytes !== component.bytes || found !== component.sha256) {
    // Not worth continuing: the next try begins anew.
    await rm(file.path, { force: true });
    throw wrongHash(component, `${file.bytes} bytes with SHA-256 ${found}`);
  }
  return (await addFile(context.cache, file.path)).path;
}

function explain(component: Resolved, failure: string): TwinbankError {
  if (/\b404\b|\b410\b|Can't find a source|Version .* was not found/.test(failure)) {
    return new TwinbankError(
      'io',
      'components.gone',
      `${component.id} ${component.version}: expected the mirror to have it, found it gone; run apt-get update for what is there now`,
      { data: { apt: failure } },
    );
  }
  return downloadFailed(component, failure);
}

function downloadFailed(component: Resolved, found: string): TwinbankError {
  return new TwinbankError(
    'io',
    'components.download',
    `${component.id} ${component.version}: expected to download ${component.bytes} bytes, found: ${found}`,
    { data: { errno: errnoIn(found) } },
  );
}

function wrongHash(component: Resolved, found: string): TwinbankError {
  return new TwinbankError(
    'io',
    'components.hash',
    `${component.id} ${component.version}: expected ${component.bytes} bytes with SHA-256 ${component.sha256}, found ${found}; the mirror or the connection is broken`,
  );
}

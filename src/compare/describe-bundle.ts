import { TwinbankError } from '../diagnostics/error.ts';
import { openBundle } from '../update/bundle/bundle-reader.ts';
import { bankEnvOf, type KeptManifest } from '../update/manifest/plan-bank.ts';
import { readManifest } from '../update/signing/signed-manifest.ts';
import { fileSource } from '../update/source/byte-source.ts';
import { describeListed, describeOrigin } from './describe-manifest.ts';
import { type DescribedBundle, systemFacts } from './described.ts';
import type { DescribeOptions, Source } from './source.ts';

/**
 * Reads a bundle to its end for a comparison. Who signed it is told, not judged: two bundles of different
 * keys are compared like any others. Throws kind `corrupt`, with the file named, for what is broken: as
 * `openBundle` and its reader, `readManifest` and `bankEnvOf` do, and `bundle.manifests` where an entry is not
 * what its manifest lists.
 */
export async function describeBundle(
  name: string,
  path: string,
  { report, signal }: DescribeOptions,
): Promise<Source<DescribedBundle>> {
  const source = { ...fileSource(path), name };
  try {
    const { index, next } = await openBundle(source);
    const documents = new Map<string, Uint8Array>();
    let done = 0;
    for (let entry = await next(); entry; entry = await next()) {
      signal?.throwIfAborted();
      if (!entry.path.includes('/')) documents.set(entry.path, await entry.bytes());
      else for await (const chunk of entry.chunks()) done += chunk.length;
      report?.({ type: 'progress', task: 'check hashes', done, unit: 'bytes' });
    }
    const manifests = manifestsOf(name, documents);
    const sent = new Map(index.entries.map((one) => [one.path, one.sha256]));
    const env = bankEnvOf(manifests.map(({ manifest }) => manifest));
    const described: DescribedBundle = {
      kind: 'bundle',
      path: name,
      from: index.from?.build ?? null,
      system: {
        ...systemFacts(manifests.map(({ manifest }) => manifest)),
        origins: manifests.map(describeOrigin),
        kernelOptions: env.kernelopt.split(/\s+/).filter((word) => word !== ''),
        modules: manifests.flatMap(({ manifest: { origin, modules } }) =>
          modules.map((one) => {
            const hash = sent.get(`modules/${one.file}`);
            if (hash !== undefined && hash !== one.sha256) throw otherModule(name, one.file);
            return { ...describeListed(one, origin), leftOut: hash === undefined };
          }),
        ),
      },
    };
    const moduleBytes = (file: string) => readEntry(name, path, `modules/${file}`);
    return {
      described,
      moduleBytes,
      packageBytes: (one) => readEntry(name, path, `packages/${one.name}`),
      loaderConfig: () => undefined,
      close: () => {},
    };
  } finally {
    await source.close();
  }
}

function manifestsOf(name: string, documents: ReadonlyMap<string, Uint8Array>): KeptManifest[] {
  const manifests = [...documents].flatMap(([file, bytes]): KeptManifest[] => {
    if (!file.endsWith('.json')) return [];
    const signature = documents.get(file.replace(/json$/, 'sig')) ?? new Uint8Array();
    return [{ manifest: readManifest(bytes, `${name}: ${file}`), bytes, signature }];
  });
  if (manifests.some(({ manifest }) => manifest.base)) return manifests;
  const message = `${name}: bundle.json: expected base.json among its entries, found none`;
  throw new TwinbankError('corrupt', 'bundle.manifests', message);
}

function otherModule(name: string, file: string): TwinbankError {
  const message = `${name}: modules/${file}: expected what its manifest lists, found another`;
  return new TwinbankError('corrupt', 'bundle.manifests', message);
}

/** One file of a bundle; a tar has no way to it but through those before it. */
async function readEntry(
  name: string,
  path: string,
  wanted: string,
): Promise<Uint8Array | undefined> {
  const source = { ...fileSource(path), name };
  try {
    const { next } = await openBundle(source);
    for (let entry = await next(); entry; entry = await next()) {
      if (entry.path !== wanted) continue;
      const chunks: Uint8Array[] = [];
      // A chunk is the reader's memory, until the next one.
      for await (const chunk of entry.chunks()) chunks.push(Uint8Array.from(chunk));
      return Buffer.concat(chunks);
    }
    return undefined;
  } finally {
    await source.close();
  }
}

import { readFile, stat } from 'node:fs/promises';
import { gzipSync } from 'fflate';
import { pack } from 'tar-stream';
import { journalBytes, journalPath } from '../bootloader/boot-journal.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { packageVersion } from '../host/package-root.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { StoredPackage } from '../update/plan-store.ts';
import { encodeStoreList } from '../update/store-volume.ts';
import { type ImageFile, inMemory } from './bank.ts';
import { addBytes } from './components/cache.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { getOrBuild } from './components/derived.ts';
import { digestFile, sha256 } from './components/digest.ts';
import { remember } from './components/resolution-cache.ts';
import { fetchComponents, resolveComponents } from './components/sources.ts';
import { describeStored, type StoredArchive, storedShape } from './inventory/describe-archive.ts';
import { encodeInventory } from './inventory/inventory.ts';
import { bundledPackages } from './inventory/own-package.ts';
import { cachedBundle } from './modules/cached-bundle.ts';

export interface StoreContents {
  readonly files: readonly ImageFile[];
  readonly packages: readonly StoredPackage[];
  readonly components: readonly Resolved[];
  /** What each package is, and what is in it. */
  readonly described: readonly StoredArchive[];
}

/**
 * What the store of a new image holds: packages by name and version, and for the build a list of those
 * that belong to it, so that an update knows what no bank needs any more.
 */
export async function planStore(
  recipe: ResolvedRecipe,
  context: ComponentContext,
): Promise<StoreContents> {
  const components = await resolveComponents(recipe.store.packages, context);
  const fetched = await fetchComponents(components, context);
  const packages: (ImageFile & { sha256: string })[] = [];
  for (const component of fetched) {
    if (!(await stat(component.path)).isFile()) throw notOneFile(component);
    const name = `packages/${packageFileName(component)}`;
    // A component's own hash can be one of a tree; and a file of the host may change until it is written.
    const stored =
      component.scheme === 'file'
        ? await addBytes(context.cache, await readFile(component.path))
        : { ...component, sha256: await digestFile(component.path, 'sha256', 'hex') };
    const { bytes, path, sha256: hash } = stored;
    packages.push({ name, bytes, path, sha256: hash });
  }
  if (recipe.store.client) packages.push(await packClient(context));
  assertNamesDiffer(packages);
  const described = await Promise.all(packages.map((one) => describe(one, context)));
  const build = `${recipe.version}-${recipe.build}`;
  const stored = packages.map(({ name: path, bytes, sha256 }) => {
    return { name: path.slice(path.indexOf('/') + 1), bytes, sha256, path };
  });
  const listed = encodeStoreList({ build, packages: stored });
  // Made with the image and first, so that it is in one piece and the system only ever writes over it.
  const journal = inMemory(journalPath, new Uint8Array(journalBytes));
  return {
    files: [journal, ...packages, inMemory(`builds/${build}.json`, listed)],
    packages: stored,
    components,
    described,
  };
}

/** Remembered by its hash: to look into an archive is to unpack it. */
async function describe(
  { name: path, sha256, ...file }: ImageFile & { readonly sha256: string },
  { cache, signal }: ComponentContext,
): Promise<StoredArchive> {
  const name = path.slice(path.indexOf('/') + 1);
  const query = ['stored', '1', name, sha256];
  return remember(cache, query, storedShape, () =>
    describeStored({ name, sha256 }, 'path' in file ? file.path : '', signal),
  );
}

/** `NAME_VERSION_ARCHITECTURE.deb` as Debian calls it; a colon of the version cannot stand in FAT. */
function packageFileName({ scheme, name, version, architecture }: Resolved): string {
  const plain = plainName(`${name}_${version}`);
  if (scheme === 'deb') return `${plain}_${architecture ?? 'all'}.deb`;
  return scheme === 'npm' ? `${plain}.tgz` : plainName(name.split('/').pop() ?? name);
}

function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.+~_-]/g, '-');
}

function notOneFile({ id }: Resolved): TwinbankError {
  return new TwinbankError(
    'recipe',
    'store.not-a-file',
    `store.packages: expected ${id} to be one file, found a directory; pack it first`,
  );
}

/** FAT knows names in any case; the second of two equal ones would replace the first. */
function assertNamesDiffer(packages: readonly ImageFile[]): void {
  const seen = new Set<string>();
  for (const { name } of packages) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw new TwinbankError(
        'recipe',
        'store.same-name',
        `store.packages: expected packages with different names in the store, found ${name} twice`,
        { data: { name } },
      );
    }
    seen.add(key);
  }
}

/** The twinbank command as an npm package of one file: it needs Node and nothing else. */
async function packClient(context: ComponentContext) {
  const version = packageVersion();
  // Packages written for CommonJS ask for `require`, which a module does not have by itself.
  const banner =
    "import{createRequire as twinbankRequire}from'node:module';const require=twinbankRequire(import.meta.url);";
  const options = { target: 'node20.19', banner };
  const program = await cachedBundle('src/cli/main.ts', options, context.cache);
  const key = sha256(JSON.stringify(['client', 3, version, program.sha256]));
  const built = await getOrBuild(context.cache, key, async () => {
    const about = {
      name: 'twinbank',
      version,
      license: 'Apache-2.0',
      type: 'module',
      bin: { twinbank: 'twinbank.mjs' },
      engines: { node: '>=20.19' },
    };
    const bundled = { module: about.name, packages: bundledPackages(program.inputs), files: [] };
    const data = await tarball({
      'package.json': JSON.stringify(about),
      'inventory.json': encodeInventory([bundled]),
      'twinbank.mjs': await program.read(),
    });
    return { data, meta: null };
  });
  const { bytes, path, sha256: hash } = built;
  return { name: `packages/twinbank-${version}.tgz`, bytes, path, sha256: hash };
}

/** An npm package of these files. fflate packs it, as zlib's bytes differ between versions of Node. */
async function tarball(files: Record<string, string | Uint8Array>): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, data] of Object.entries(files)) {
    const mode = name.endsWith('.mjs') ? 0o755 : 0o644;
    tar.entry(
      { name: `package/${name}`, mode, mtime: new Date(0), uid: 0, gid: 0 },
      Buffer.from(data),
    );
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks), { level: 9, mtime: 0 });
}

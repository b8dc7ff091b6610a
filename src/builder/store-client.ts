import { gzipSync } from 'fflate';
import { pack } from 'tar-stream';
import { packageVersion } from '../host/package-root.ts';
import { clientName } from '../recipe/store-schema.ts';
import type { ComponentContext } from './components/component.ts';
import { getOrBuild } from './components/derived.ts';
import { sha256 } from './components/digest.ts';
import { encodeInventory } from './inventory/inventory.ts';
import { bundledPackages } from './inventory/own-package.ts';
import { cachedBundle } from './modules/cached-bundle.ts';
import type { BuiltPackage } from './store-package.ts';

/** The twinbank command as an npm package of one file: it needs Node and nothing else. */
export async function packClient(context: ComponentContext): Promise<BuiltPackage> {
  const version = packageVersion();
  // Packages written for CommonJS ask for `require`, which a module does not have by itself.
  const banner =
    "import{createRequire as twinbankRequire}from'node:module';const require=twinbankRequire(import.meta.url);";
  const options = { target: 'node20.19', banner };
  const program = await cachedBundle('src/cli/main.ts', options, context.cache);
  const key = sha256(JSON.stringify(['client', 3, version, program.sha256]));
  const built = await getOrBuild(context.cache, key, async () => {
    const about = {
      name: clientName,
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
  const about = { id: clientName, type: 'client', version } as const;
  return { ...about, name: `twinbank-${version}.tgz`, bytes, path, sha256: hash };
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

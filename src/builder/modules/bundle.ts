import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { BuildFailure, Plugin } from 'esbuild';
import { TwinbankError } from '../../diagnostics/error.ts';
import { packageRoot } from '../../host/package-root.ts';
import { sha256 } from '../components/digest.ts';

export interface BundleOptions {
  readonly target: string;
  readonly banner?: string;
}

export interface Bundle {
  readonly data: Uint8Array;
  /** The files that it is made of: SHA-256 of what was read, by paths from the package's folder. */
  readonly inputs: ReadonlyMap<string, string>;
}

/**
 * One JavaScript module of a source file and all that it imports, packages included. The bytes depend on
 * the sources, the packages and esbuild's version alone. Throws `build.bundle` with the place of the first
 * mistake in the sources.
 */
export async function bundle(
  entry: string,
  options: BundleOptions,
  root = packageRoot(),
): Promise<Bundle> {
  const { build } = await import('esbuild');
  const inputs = new Map<string, string>();
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: options.target,
    minify: true,
    keepNames: true,
    legalComments: 'none',
    // Not the checkout's tsconfig.json, which an installed twinbank does not have.
    tsconfigRaw: {},
    // The SBOM library can write XML by it, too.
    external: ['xmlbuilder2'],
    logLevel: 'silent',
    plugins: [hashInputs(root, inputs)],
    ...(options.banner && { banner: { js: options.banner } }),
  }).catch((error: BuildFailure) => {
    const [first] = error.errors ?? [];
    if (!first) throw error;
    const { file = entry, line = 1, column = 0 } = first.location ?? {};
    throw new TwinbankError(
      'internal',
      'build.bundle',
      `${file}:${line}:${column + 1} ${entry}: expected sources that bundle, found: ${first.text}`,
      { cause: error },
    );
  });
  return { data: outputFiles[0]?.contents ?? new Uint8Array(), inputs };
}

/** What esbuild gets is what was hashed: a file that is saved meanwhile is either in both or in none. */
function hashInputs(root: string, inputs: Map<string, string>): Plugin {
  return {
    name: 'hash-inputs',
    setup: ({ onLoad }) => {
      onLoad({ filter: /./, namespace: 'file' }, async ({ path }) => {
        const contents = await readFile(path);
        inputs.set(relative(root, path), sha256(contents));
        return { contents, loader: 'default' };
      });
    },
  };
}

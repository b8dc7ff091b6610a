import { dirname, join, relative, resolve } from 'node:path';
import type { BuildFailure, Plugin } from 'esbuild';
import { packageRoot } from '../../../host/package-root.ts';
import type { Diagnostic } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import { cimFolder } from './provider-sources.ts';

/** What sources of a provider may import beside files of their folder, by the files behind it. */
export const cimModules: Readonly<Record<string, string>> = {
  'twinbank/cim': 'src/runtime/agents/cim/provider.ts',
  'twinbank/cim/sensor': 'src/runtime/agents/cim/sensor.ts',
};

/** And their tests, too. */
const cimTestModules: Readonly<Record<string, string>> = {
  ...cimModules,
  'twinbank/cim/testing': 'src/runtime/agents/cim/testing.ts',
};

interface BundledProvider {
  readonly data: Uint8Array;
  readonly problems: readonly Diagnostic[];
}

/**
 * One JavaScript module of a provider's source and what it imports: `twinbank/cim` and files of cim/, nothing else, so that
 * the folder is all that it is made of and the interface all that it reaches. The bytes depend on the sources, the
 * interface and esbuild alone. Tests may import Node's modules as well.
 */
export async function bundleCimFile(
  provider: LoadedProvider,
  file: string,
  { target = 'node22', isTest = false } = {},
): Promise<BundledProvider> {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      absWorkingDir: provider.folder,
      entryPoints: [file],
      bundle: true,
      write: false,
      format: 'esm',
      target,
      platform: isTest ? 'node' : 'neutral',
      minify: !isTest,
      keepNames: true,
      legalComments: 'none',
      sourcemap: isTest && 'inline',
      // Not one that happens to lie above the folder.
      tsconfigRaw: {},
      logLevel: 'silent',
      plugins: [importRules(provider.folder, isTest)],
    });
    return { data: outputFiles[0]?.contents ?? new Uint8Array(), problems: [] };
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (!Array.isArray(errors) || errors.length === 0) throw error;
    return { data: new Uint8Array(), problems: errors.map((one) => diagnosticOf(provider, one)) };
  }
}

function importRules(folder: string, isTest: boolean): Plugin {
  const modules = isTest ? cimTestModules : cimModules;
  const root = resolve(folder, cimFolder);
  const isInside = (path: string): boolean => !/^\.\.(\/|$)/.test(relative(root, path));
  return {
    name: 'twinbank-cim',
    setup: ({ onResolve }) => {
      onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        // What the interface imports is ours.
        if (kind === 'entry-point' || !isInside(importer)) return undefined;
        const own = Object.hasOwn(modules, path) ? modules[path] : undefined;
        if (own !== undefined) return { path: join(packageRoot(), own) };
        if (/^\.{1,2}\//.test(path) && isInside(resolve(dirname(importer), path))) return undefined;
        if (isTest && path.startsWith('node:')) return { path, external: true };
        const allowed = [...Object.keys(modules), ...(isTest ? ['node:...'] : []), 'files of cim/'];
        return {
          errors: [
            { text: `expected imports of ${allowed.join(', ')}, found ${JSON.stringify(path)}` },
          ],
        };
      });
    },
  };
}

function diagnosticOf(
  provider: LoadedProvider,
  { text, location }: BuildFailure['errors'][number],
): Diagnostic {
  const place = provider.fileProblem(location?.file ?? cimFolder, '', '');
  const message = text.startsWith('expected ')
    ? text
    : `expected sources that bundle, found: ${text}`;
  return {
    ...place,
    message,
    line: location?.line ?? null,
    column: location ? location.column + 1 : null,
  };
}

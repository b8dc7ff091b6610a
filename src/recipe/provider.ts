import { basename, join, resolve } from 'node:path';
import { type Diagnostic, diagnose, recipeError } from './diagnostic.ts';
import { resolveFileRefs } from './host-files.ts';
import { type Provider, providerSchema } from './provider-schema.ts';
import { fileSource, readRecipeFile } from './recipe-file.ts';
import { nearestEntry, type Path, type Source } from './tree.ts';
import { validateAgainst } from './validate.ts';

/** An OEM provider: what its provider.yaml says, `file:` paths absolute, and where its files are. */
export interface LoadedProvider extends Provider {
  /** Absolute path of the folder that has provider.yaml. */
  readonly folder: string;
  /** Absolute path of `files/`, which need not be there. */
  readonly files: string;
  /** A problem at a key of provider.yaml, or at the nearest one that is there. */
  problem(at: Path, expected: string, found: string): Diagnostic;
  /** `acme/provider.yaml:12:3`: where a key stands, or the nearest one that is there. */
  placeOf(at: Path): string;
  /** `acme/files/etc/motd`: a file, by its path below the folder, as messages call it. */
  fileShown(path: string): string;
  /** A problem of a file, by its path below the folder. */
  fileProblem(path: string, expected: string, found: string): Diagnostic;
}

/** Stands in for what a provider cannot be without, so that the rest of it can be looked at. */
const required = { name: 'unnamed', vendor: 'unknown', version: '0' };

/**
 * Reads the provider in a folder (relative to `cwd`): what its provider.yaml says, and all that is wrong with it.
 * Where something is wrong the provider is what is left without it; it is undefined where nothing is left.
 */
export function readProvider(
  folder: string,
  cwd: string,
): { provider: LoadedProvider | undefined; problems: Diagnostic[] } {
  const root = resolve(cwd, folder);
  const path = join(root, 'provider.yaml');
  const source = fileSource(path, cwd);
  const { file, problems } = readRecipeFile(path, source, null, 'provider');
  if (!file) return { provider: undefined, problems };
  const { tree } = file;
  const { value, problems: wrong } = validateAgainst(providerSchema, tree, required);
  const missing = value ? resolveFileRefs(value, tree, cwd) : [];
  const all = [...problems, ...wrong, ...missing];
  if (!value) return { provider: undefined, problems: all };
  const provider: LoadedProvider = {
    ...(missing.length > 0 ? withoutFiles(value) : value),
    folder: root,
    files: join(root, 'files'),
    problem: (at, expected, found) => {
      const near = nearestEntry(tree, at);
      return diagnose(near.value.place, near.path, expected, found);
    },
    placeOf: (at) => {
      const near = nearestEntry(tree, at);
      // What a key leads to may begin on the next line.
      const {
        source: file,
        line,
        column,
      } = near.value.kind === 'scalar' ? near.value.place : near.key;
      return line === null ? file.shown : `${file.shown}:${line}:${column}`;
    },
    fileShown: (inside) => sourceOf(join(root, inside), cwd).shown,
    fileProblem: (inside, expected, found) => {
      const place = { source: sourceOf(join(root, inside), cwd), line: null, column: null };
      return diagnose(place, [], expected, found);
    },
  };
  return { provider, problems: all };
}

function withoutFiles(provider: Provider): Provider {
  return { ...provider, driverFiles: [], support: { ...provider.support, scripts: [] } };
}

/** A name may be anything a file system takes; a message is one line. */
function sourceOf(path: string, cwd: string): Source {
  const source = fileSource(path, cwd);
  return { ...source, shown: source.shown.replaceAll(/\p{C}/gu, '\uFFFD') };
}

/**
 * The same for those who go on with it.
 * @throws TwinbankError recipe, `recipe.invalid`: all problems, one a line, as for a recipe
 */
export function loadProvider(folder: string, cwd: string): LoadedProvider {
  const { provider, problems } = readProvider(folder, cwd);
  if (!provider || problems.length > 0) throw recipeError(problems);
  return provider;
}

/** Where a collector lies on the host. */
export function supportPath({ name }: Provider, script: { path: string }): string {
  return `usr/lib/twinbank/support/${name}/${basename(script.path)}`;
}

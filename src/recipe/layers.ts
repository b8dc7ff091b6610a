import { realpathSync } from 'node:fs';
import { type Diagnostic, diagnose } from './diagnostic.ts';
import { fileSource, type NamedFile, readRecipeFile } from './recipe-file.ts';
import type { MapTree, Source } from './tree.ts';

/** What the files of a recipe set, lowest first. */
export interface Layers {
  layers: MapTree[];
  /** Absolute paths of the files that were read, in the order of the layers. */
  files: string[];
  problems: Diagnostic[];
  /** False where a file could not be read as a recipe, so that the layers tell less than the whole. */
  complete: boolean;
}

/**
 * Reads the recipe at an absolute path and all files that it is made of: first those it extends, in
 * order, then itself, then its overlays. A file that is extended over two ways is visited down once, at
 * its first place, so that the second way does not undo what came between. With `content` there is no file
 * at `path`, and that is what stands in it.
 */
export function collectLayers(path: string, cwd: string, content?: Uint8Array): Layers {
  const result: Layers = { layers: [], files: [], problems: [], complete: true };
  const visited = new Set<string>();
  addRecipe({ cwd, visited, result, content }, path, null, []);
  return result;
}

interface Collecting {
  cwd: string;
  visited: Set<string>;
  result: Layers;
  /** Of the recipe that nothing asked for, where it is no file. */
  content: Uint8Array | undefined;
}

interface ChainLink {
  id: string;
  source: Source;
}

function addRecipe(
  collecting: Collecting,
  path: string,
  asked: NamedFile | null,
  chain: readonly ChainLink[],
): void {
  const { cwd, visited, result } = collecting;
  const content = asked ? undefined : collecting.content;
  const link = { id: identity(path), source: fileSource(path, cwd) };
  const loop = chain.findIndex(({ id }) => id === link.id);
  if (loop !== -1 && asked) {
    const names = [...chain.slice(loop), link].map(({ source }) => source.shown);
    result.problems.push(diagnose(asked.place, asked.at, 'no cycle', names.join(' -> ')));
    return;
  }
  if (visited.has(link.id)) return;
  const { file, problems } = readRecipeFile(path, link.source, asked, 'recipe', content);
  result.problems.push(...problems);
  if (!file) {
    result.complete = false;
    return;
  }
  for (const base of file.extends) addRecipe(collecting, base.path, base, [...chain, link]);
  visited.add(link.id);
  result.layers.push(file.tree);
  if (!content) result.files.push(path);
  for (const overlay of file.overlays) addOverlay(collecting, overlay);
}

function addOverlay({ cwd, result }: Collecting, asked: NamedFile): void {
  const source = fileSource(asked.path, cwd);
  const { file, problems } = readRecipeFile(asked.path, source, asked, 'overlay');
  result.problems.push(...problems);
  if (!file) {
    result.complete = false;
    return;
  }
  result.layers.push(file.tree);
  result.files.push(asked.path);
}

/** The same for all names of one file, symbolic links among them. */
function identity(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative } from 'node:path';
import { exactSize } from '../diagnostics/size.ts';
import { type Diagnostic, diagnose, foundText } from './diagnostic.ts';
import { readYaml } from './read-yaml.ts';
import { isShippedName, knownRecipes, recipePath, shippedName } from './recipe-path.ts';
import { emptyMap, type MapTree, type Path, type Place, type Source, type Tree } from './tree.ts';

/** A hundred times the longest recipe. */
const largestFile = 256 * 2 ** 10;

/** The keys that name other files; they belong to the file, not to the recipe it becomes. */
export const fileKeys = ['extends', 'overlays'] as const;

export interface NamedFile {
  path: string;
  /** As it was written. */
  named: string;
  place: Place;
  at: Path;
}

/** One recipe file, read: what it sets itself, and the files it names. */
interface RecipeFile {
  tree: MapTree;
  extends: NamedFile[];
  overlays: NamedFile[];
}

/** The source that a file is; paths are shown relative to `cwd` where they are below it, of shipped recipes elsewhere the name. */
export function fileSource(path: string, cwd: string): Source {
  const short = relative(cwd, path);
  const outside = short === '' || short.startsWith('..') || isAbsolute(short);
  const shown = outside ? (shippedName(path) ?? path) : short;
  return { kind: 'file', shown, directory: dirname(path) };
}

type Role = 'recipe' | 'overlay' | 'provider' | 'scenario' | 'rig';

const recipeTerms = { file: 'a recipe file', keys: 'a map of recipe keys' };

/** What a message says was expected. */
const wanted: Readonly<Record<Role, { readonly file: string; readonly keys: string }>> = {
  recipe: recipeTerms,
  overlay: recipeTerms,
  provider: { ...recipeTerms, file: 'an OEM provider with a provider.yaml' },
  scenario: { file: 'a scenario file', keys: 'a map of scenario keys' },
  rig: { file: 'the description of a rig', keys: 'a map of what the rig has' },
};

/**
 * Reads the file at an absolute path. `asked` is the key that named it, and is where a missing file
 * is reported. An overlay may not name other files: its place is on top of everything. With `given`, that is
 * what stands in it, and nothing is at the path.
 */
export function readRecipeFile(
  path: string,
  source: Source,
  asked: NamedFile | null,
  role: Role,
  given?: Uint8Array,
): { file: RecipeFile | undefined; problems: Diagnostic[] } {
  const whole: Place = { source, line: null, column: null };
  const refuse = (expected: string, found: string, place = whole, at: Path = []) => ({
    file: undefined,
    problems: [diagnose(place, at, expected, found)],
  });
  const content = given ? textOf(given) : readText(path);
  if ('missing' in content && asked && isShippedName(asked.named)) {
    return { file: undefined, problems: [unknownRecipe(asked.named, asked.place, asked.at)] };
  }
  if ('missing' in content) {
    const found = asked ? `${content.missing} at ${source.shown}` : content.missing;
    return refuse(wanted[role].file, found, asked?.place, asked?.at);
  }
  if ('unfit' in content) return refuse(content.wanted, content.unfit);
  const { tree, problems } = readYaml(content.text, source);
  if (problems.length > 0 && !tree) return { file: undefined, problems };
  const first = { ...whole, line: 1, column: 1 };
  const { keys } = wanted[role];
  if (!tree) return refuse(keys, 'an empty file', first);
  if (tree.kind !== 'map') return refuse(keys, foundText(tree), tree.place);
  if (role !== 'recipe') return { file: { tree, extends: [], overlays: [] }, problems };
  const named = fileKeys.map((key) => namedFiles(tree, key, problems));
  const entries = new Map([...tree.entries].filter(([key]) => !isFileKey(key)));
  const own: MapTree = { ...emptyMap(tree.place), entries };
  return { file: { tree: own, extends: named[0] ?? [], overlays: named[1] ?? [] }, problems };
}

function isFileKey(key: string): boolean {
  return fileKeys.some((fileKey) => fileKey === key);
}

function namedFiles(tree: MapTree, key: string, problems: Diagnostic[]): NamedFile[] {
  const value = tree.entries.get(key)?.value;
  if (!value || (value.kind === 'scalar' && value.value === null)) return [];
  const items: [Tree, Path][] =
    value.kind === 'list'
      ? value.items.map((item, index) => [item, [key, index]])
      : [[value, [key]]];
  return items.flatMap(([item, at]) => {
    const { place } = item;
    if (item.kind === 'scalar' && typeof item.value === 'string' && /^[^\0]+$/.test(item.value)) {
      const path = recipePath(item.value, place.source.directory);
      return { path, named: item.value, place, at };
    }
    problems.push(diagnose(place, at, 'a recipe file or a list of them', foundText(item)));
    return [];
  });
}

/** That no recipe of this name comes with twinbank. */
export function unknownRecipe(named: string, place: Place, at: Path): Diagnostic {
  const { expected, suggestion } = knownRecipes(named);
  return diagnose(place, at, expected, JSON.stringify(named), suggestion);
}

type Unfit = { wanted: string; unfit: string };

const tooLong = (bytes: number): Unfit => ({
  wanted: `at most ${exactSize(largestFile)}`,
  unfit: exactSize(bytes),
});

/** The file's text; `missing` says why there is none, `unfit` why it can be no recipe. */
function readText(path: string): { text: string } | { missing: string } | Unfit {
  let bytes: Buffer;
  try {
    const status = statSync(path);
    if (status.isDirectory()) return { missing: 'a directory' };
    // A device or a pipe may never end.
    if (!status.isFile()) return { missing: 'something that is no regular file' };
    if (status.size > largestFile) return tooLong(status.size);
    bytes = readFileSync(path);
  } catch (error) {
    return { missing: fileProblem(error) };
  }
  return textOf(bytes);
}

function textOf(bytes: Uint8Array): { text: string } | Unfit {
  if (bytes.length > largestFile) return tooLong(bytes.length);
  if (bytes.includes(0)) return { wanted: 'a recipe in YAML', unfit: 'a binary file' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { wanted: 'a recipe in YAML', unfit: 'bytes that are not UTF-8' };
  }
}

/** What stood in the way of a file, as the Y of "expected X, found Y". */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'one that may not be read';
  return `an unreadable one (${code})`;
}

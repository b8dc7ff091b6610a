import { relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, diagnose, foundText } from './diagnostic.ts';
import { nearestWord } from './nearest-word.ts';
import {
  type ListTree,
  type MapTree,
  type Path,
  type Place,
  plainValue,
  type Tree,
} from './tree.ts';

/** What a map may say in place of a list, to change the one below it. */
export const editKeys = ['add', 'remove'] as const;

/** What each of them does, for editors. */
export const editDescriptions: Readonly<Record<(typeof editKeys)[number], string>> = {
  add: 'Appended to the list that is extended, as far as it is not there yet',
  remove: 'Taken out of the list that is extended; what is not there is an error',
};

/** Lists up to this length are named whole where something was not found in them. */
const mostNamed = 8;

/** The list that comes of an edit, and what is wrong with the edit. */
interface Edited {
  readonly list: ListTree;
  readonly problems: readonly Diagnostic[];
}

/**
 * Lays `{ add: […], remove: […] }` over a list: first takes away, then appends what is not there yet. Whatever is
 * wrong with the edit is left out of it.
 */
export function editList(lower: ListTree, edit: MapTree, path: Path): Edited {
  const problems: Diagnostic[] = [];
  for (const [key, { key: place }] of edit.entries) {
    if (editKeys.some((known) => known === key)) continue;
    const expected = `the whole list, or a map of ${editKeys.join(' and ')}`;
    const found = `the key ${JSON.stringify(key)}`;
    problems.push(diagnose(place, [...path, key], expected, found, nearestWord(key, editKeys)));
  }
  if (edit.entries.size === 0) {
    const expected = `the whole list, or a map of ${editKeys.join(' and ')}`;
    problems.push(diagnose(edit.place, path, expected, 'an empty map'));
  }
  const [added, removed] = editKeys.map((key) => readItems(edit, [...path, key], problems));
  const gone = [...(lower.gone ?? [])];
  let items = lower.items;
  for (const [item, at] of removed ?? []) {
    const left = items.filter((one) => !isSame(one, item) && !isCalled(one, item));
    const { place } = item;
    // An overlay that comes twice, over two ways, has done its part already.
    const isDone = gone.some(({ whole, by }) => !whole && samePlace(by, place));
    if (left.length === items.length && !isDone) problems.push(notThere(item, at, items));
    if (left.length < items.length) gone.push({ value: wordOf(item), by: place, whole: false });
    items = left;
  }
  for (const [item] of added ?? []) {
    if (!items.some((one) => isSame(one, item))) items = [...items, item];
  }
  return { list: { kind: 'list', place: edit.place, items, gone }, problems };
}

/** A whole list in the place of another one, which remembers what that one had. */
export function replaceList(lower: Tree | undefined, upper: ListTree): ListTree {
  if (lower?.kind !== 'list') return upper;
  const lost = lower.items.filter((item) => !upper.items.some((one) => isSame(one, item)));
  const by = upper.place;
  const now = lost.map((item) => ({ value: wordOf(item), by, whole: true }));
  return { ...upper, gone: [...(lower.gone ?? []), ...now] };
}

/** The values under `add` or `remove`: a list, or just one. */
function readItems(edit: MapTree, path: Path, problems: Diagnostic[]): [Tree, Path][] {
  const value = edit.entries.get(String(path.at(-1)))?.value;
  if (!value) return [];
  if (value.kind === 'map' || (value.kind === 'scalar' && value.value === null)) {
    problems.push(diagnose(value.place, path, 'a list of values, or one value', foundText(value)));
    return [];
  }
  const items: [Tree, Path][] =
    value.kind === 'list'
      ? value.items.map((item, index) => [item, [...path, index]])
      : [[value, path]];
  return items.filter(([item, at], index) => {
    if (!items.slice(0, index).some(([before]) => isSame(before, item))) return true;
    problems.push(diagnose(item.place, at, 'each value only once', foundText(item)));
    return false;
  });
}

function notThere(item: Tree, at: Path, items: readonly Tree[]): Diagnostic {
  const { directory } = item.place.source;
  const words = items.map((one) => wordFrom(one, directory));
  const typed = wordFrom(item, directory);
  const expected =
    words.length > mostNamed
      ? `one of the ${words.length} values that are in the list`
      : `one of ${words.join(', ')}`;
  // "panic" is meant to be "panic=10", and nothing shorter.
  const begun = typed.length > 2 ? words.find((word) => word.startsWith(typed)) : undefined;
  const suggestion = begun ?? nearestWord(typed, words);
  if (words.length === 0) {
    return diagnose(item.place, at, 'nothing, as the list is empty', foundText(item));
  }
  return diagnose(item.place, at, expected, foundText(item), suggestion);
}

/** A value as one writes it in a file of `directory`. */
function wordFrom(tree: Tree, directory: string): string {
  const path = fileOf(tree);
  if (path !== undefined) return `file:${relative(directory, path)}`;
  return wordOf(tree);
}

function wordOf(tree: Tree): string {
  return tree.kind === 'scalar' ? tree.written : (nameOf(tree) ?? foundText(tree));
}

/** What a map in a list is called; it is removed by this. */
function nameOf(tree: Tree): string | undefined {
  const name = tree.kind === 'map' ? tree.entries.get('name')?.value : undefined;
  return name?.kind === 'scalar' && typeof name.value === 'string' ? name.value : undefined;
}

/** Whether two values are one, wherever they are written: paths start from the file that has them. */
function isSame(one: Tree, other: Tree): boolean {
  if (one.kind !== 'scalar' || other.kind !== 'scalar') {
    return one.kind === other.kind && isDeepStrictEqual(plainValue(one), plainValue(other));
  }
  const [path, otherPath] = [fileOf(one), fileOf(other)];
  if (path !== undefined || otherPath !== undefined) return path === otherPath;
  return one.value !== null && String(one.value) === String(other.value);
}

/** Whether a map is the one that a name means. */
function isCalled(one: Tree, name: Tree): boolean {
  return name.kind === 'scalar' && name.value !== null && nameOf(one) === name.value;
}

function fileOf(tree: Tree): string | undefined {
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string') return undefined;
  if (!tree.value.startsWith('file:')) return undefined;
  return resolve(tree.place.source.directory, tree.value.slice('file:'.length));
}

function samePlace(one: Place, other: Place): boolean {
  return (
    one.source.shown === other.source.shown &&
    one.line === other.line &&
    one.column === other.column
  );
}

import type * as z from 'zod';
import { type Diagnostic, diagnose, foundText } from './diagnostic.ts';
import { nearestWord } from './nearest-word.ts';
import { type ResolvedRecipe, recipeSchema } from './schema.ts';
import { entryAt, nearestEntry, plainValue, short, type Tree } from './tree.ts';

type Issue = z.core.$ZodIssue;

/**
 * The recipe that a merged tree stands for, and all that is wrong with it. Where something is wrong
 * the recipe is what is left without it, so that the caller can go on looking for problems; it is
 * undefined where nothing is left.
 */
export function validateTree(tree: Tree): {
  recipe: ResolvedRecipe | undefined;
  problems: Diagnostic[];
} {
  const value = plainValue(textAsWritten(tree, 'build'));
  const parsed = recipeSchema.safeParse(value);
  if (parsed.success) return { recipe: parsed.data, problems: [] };
  const problems = parsed.error.issues.flatMap((issue) => diagnoseIssue(tree, issue));
  return { recipe: parseWithoutIssues(recipeSchema, value, parsed.error.issues), problems };
}

/** A key that takes text, and numbers without quotes for it: as a number 1.10 would be 1.1. */
function textAsWritten(tree: Tree, key: string): Tree {
  const entry = tree.kind === 'map' ? tree.entries.get(key) : undefined;
  if (tree.kind !== 'map' || entry?.value.kind !== 'scalar') return tree;
  const { value } = entry;
  if (typeof value.value !== 'number') return tree;
  const written = { ...entry, value: { ...value, value: value.written } };
  return { ...tree, entries: new Map([...tree.entries, [key, written]]) };
}

/**
 * The same for a tree of another kind than a recipe: what it stands for, or all that is wrong with it. Only with
 * `required`, which stands in for keys that it cannot do without, there is a value of what is left.
 */
export function validateAgainst<Schema extends z.ZodType>(
  schema: Schema,
  tree: Tree,
  required?: Readonly<Record<string, unknown>>,
): { value: z.output<Schema> | undefined; problems: Diagnostic[] } {
  const value = plainValue(tree);
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data, problems: [] };
  const { issues } = parsed.error;
  const problems = issues.flatMap((issue) => diagnoseIssue(tree, issue));
  return { value: required && parseWithoutIssues(schema, value, issues, required), problems };
}

/** The one translation of zod's issues; see src/recipe/field.ts for what their messages hold. */
function diagnoseIssue(tree: Tree, issue: Issue): Diagnostic[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((key) => {
      const keyPath = [...path, key];
      const expected = `one of the keys ${known.join(', ')}`;
      const place = nearestEntry(tree, keyPath).key;
      return diagnose(place, keyPath, expected, quoted(key), nearestWord(key, known));
    });
  }
  const within = issueWithin(issue);
  if (within) return within.flatMap((one) => diagnoseIssue(tree, one));
  const entry = entryAt(tree, path);
  const near = nearestEntry(tree, path);
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another key';
    return [diagnose(near.key, path, expected, quoted(String(path.at(-1))))];
  }
  const words = wordsOf(issue);
  const typed = entry?.value.kind === 'scalar' ? String(entry.value.value) : '';
  return [
    diagnose(
      // What is missing has no place of its own: its map's key is the nearest.
      entry ? entry.value.place : near.key,
      path,
      expectedBy(issue, words),
      foundBy(issue) ?? foundText(entry?.value),
      nearestWord(typed, words),
    ),
  ];
}

/**
 * Where a value may have several forms and has one of them, what is wrong with it in that form; undefined where it has
 * none of them, or where they are words of one kind.
 */
function issueWithin(issue: Issue): Issue[] | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const ofOtherForm = ({ code, path }: Issue): boolean =>
    code === 'invalid_type' && path.length === 0;
  const form = issue.errors.find((issues) => issues.length > 0 && !issues.some(ofOtherForm));
  return form?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function expectedBy(issue: Issue, words: readonly string[]): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid')) {
    return issue.expected === 'object' ? 'a map' : `a value of type ${issue.expected}`;
  }
  return words.length > 0 ? `one of ${words.join(', ')}` : issue.message;
}

/** The words a value may be, where it may be one of a few. */
function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return issue.options.map(String);
  }
  return [];
}

function foundBy(issue: Issue): string | undefined {
  const found = issue.code === 'custom' ? issue.params?.found : undefined;
  return typeof found === 'string' ? found : undefined;
}

function quoted(key: string): string {
  return JSON.stringify(short(key));
}

/** What remains of `value` once everything with an issue is taken out of it. */
function parseWithoutIssues<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  issues: readonly Issue[],
  required: Readonly<Record<string, unknown>> = {},
): z.output<Schema> | undefined {
  // A value taken away can bring out another one's issue (a module without its type), but never back.
  for (let left = issues, round = 0; round < 10; round++) {
    for (const issue of left) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
      for (const key of keys)
        removeAt(value, key === undefined ? issue.path : [...issue.path, key]);
    }
    const parsed = schema.safeParse(isRecord(value) ? { ...required, ...value } : value);
    if (parsed.success) return parsed.data;
    left = parsed.error.issues;
  }
  return undefined;
}

/** Takes the entry at `path` out of its map; a whole list where an item is meant, and the map where a key is missing. */
function removeAt(value: unknown, path: readonly PropertyKey[]): void {
  const list = path.findIndex((part) => typeof part === 'number');
  const keys = (list === -1 ? path : path.slice(0, list)).map(String);
  const last = keys.pop();
  let parent: unknown = value;
  for (const key of keys) {
    if (!isRecord(parent) || !Object.hasOwn(parent, key)) return;
    parent = parent[key];
  }
  if (last === undefined || !isRecord(parent)) return;
  if (Object.hasOwn(parent, last)) delete parent[last];
  else removeAt(value, keys);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { leaves } from '../recipe/origin.ts';
import { type Path, pathText } from '../recipe/tree.ts';
import { byCodeUnits, sameJson } from './change.ts';
import type { DescribedRecipe } from './described.ts';
import { stepsBetween } from './sequence.ts';

/** A value of a recipe, and what set it: `recipes/default.yaml:12`, `--set` or `default`. */
interface RecipeValue {
  /** Path on this side; the same list item can stand at another index on the other side. */
  readonly path: string;
  readonly value: unknown;
  readonly origin: string;
}

/** A value that only one side has, or that the sides have differently. */
export interface RecipeChange {
  readonly path: string;
  readonly a: RecipeValue | null;
  readonly b: RecipeValue | null;
}

/**
 * Leaf by leaf what two resolved recipes have differently, keys in order. A list of plain values is compared
 * as a sequence: an item that was put in is one change, and those behind it are none. The same value from
 * another file is no change.
 */
export function compareRecipes(a: DescribedRecipe, b: DescribedRecipe): RecipeChange[] {
  const described = (side: DescribedRecipe, path: Path, value: unknown): RecipeValue => {
    const text = pathText(path);
    return { path: text, value, origin: side.origins[text] ?? 'default' };
  };
  const removed = (path: Path, value: unknown): RecipeChange[] =>
    leaves(value, path).map(([leaf, one]) => {
      return { path: pathText(leaf), a: described(a, leaf, one), b: null };
    });
  const added = (path: Path, value: unknown): RecipeChange[] =>
    leaves(value, path).map(([leaf, one]) => {
      return { path: pathText(leaf), a: null, b: described(b, leaf, one) };
    });

  function lists(path: Path, left: readonly unknown[], right: readonly unknown[]): RecipeChange[] {
    const steps = stepsBetween(left.map(jsonOf), right.map(jsonOf));
    return steps.flatMap((one) => {
      if (one.step === 'removed') return removed([...path, one.a], left[one.a]);
      return one.step === 'added' ? added([...path, one.b], right[one.b]) : [];
    });
  }

  function values(path: Path, left: unknown, right: unknown): RecipeChange[] {
    if (sameJson(left, right)) return [];
    if (Array.isArray(left) && Array.isArray(right)) return lists(path, left, right);
    if (isMap(left) && isMap(right)) {
      const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort(byCodeUnits);
      return keys.flatMap((key) => values([...path, key], left[key], right[key]));
    }
    if (left === undefined) return added(path, right);
    if (right === undefined) return removed(path, left);
    if (isPlain(left) && isPlain(right)) {
      const [ours, theirs] = [described(a, path, left), described(b, path, right)];
      return [{ path: pathText(path), a: ours, b: theirs }];
    }
    return [...removed(path, left), ...added(path, right)];
  }
  return values([], a.recipe, b.recipe);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

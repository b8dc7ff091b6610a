/** One thing that the two sides have differently: `a` is null where only B has it, `b` where only A has. */
export interface Change<T> {
  readonly change: 'added' | 'removed' | 'changed';
  readonly a: T | null;
  readonly b: T | null;
}

/** A change of the thing that both sides know by this key. */
export interface KeyedChange<T> extends Change<T> {
  readonly key: string;
}

/**
 * What differs between two collections whose members are known by a key, in the order of the keys. Where a
 * side has several with one key, the first is held against the other side's first, and so on.
 */
export function changesBy<T>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (one: T) => string,
  same: (a: T, b: T) => boolean,
): KeyedChange<T>[] {
  const [left, right] = [grouped(a, keyOf), grouped(b, keyOf)];
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort(byCodeUnits);
  return keys.flatMap((key) => {
    const [ours, theirs] = [left.get(key) ?? [], right.get(key) ?? []];
    const pairs = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => index);
    return pairs.flatMap((index): KeyedChange<T>[] => {
      const change = changeOf(ours[index] ?? null, theirs[index] ?? null, same);
      return change ? [{ key, ...change }] : [];
    });
  });
}

/** The change from one to the other; undefined where both are the same, or neither is there. */
function changeOf<T>(
  a: T | null,
  b: T | null,
  same: (a: T, b: T) => boolean,
): Change<T> | undefined {
  if (a === null) return b === null ? undefined : { change: 'added', a, b };
  if (b === null) return { change: 'removed', a, b };
  return same(a, b) ? undefined : { change: 'changed', a, b };
}

/** Whether two plain values have the same JSON, members in the same order. */
export function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** An order that no locale changes. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

import type * as z from 'zod';
import type { Ability } from '../../machine/test-machine.ts';
import type { StepContext } from '../step-context.ts';

/** What was found is right, or why it is not (yet). */
export type Finding = { readonly right: string } | { readonly wrong: string };

/** One key of `expect`. */
export interface Expectation<Wanted = unknown> {
  readonly key: string;
  readonly schema: z.ZodType<Wanted>;
  /** One sentence for the reference and the editor. */
  readonly meaning: string;
  /** Takes one value or a list. */
  readonly list?: boolean;
  readonly needs?: readonly Ability[];
  /** Whether the machine has to be on or off for it. */
  readonly power?: 'on' | 'off';
  /** In the words of the report, after "expect". */
  title(wanted: Wanted): string;
  /** Looks once. What may still become right is asked again until the time is over. Throws what the machine throws. */
  look(wanted: Wanted, context: StepContext): Finding | Promise<Finding>;
  /** What is wrong now stays wrong: it is not asked again. */
  readonly once?: boolean;
}

/** With the type of what is wanted only its own file's business. */
export function defineExpectation<Wanted>(expectation: Expectation<Wanted>): Expectation {
  return expectation as Expectation as Expectation<unknown>;
}

export function right(found: string): Finding {
  return { right: found };
}

export function wrong(found: string): Finding {
  return { wrong: found };
}

/**
 * Whether a JSON value has all parts of another one; text between slashes is a regular expression, and `{ some: … }` in place of a list is
 * met where one item of it has these parts.
 */
export function hasParts(value: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'string' && typeof value === 'string') {
    const [, expression] = /^\/(.*)\/$/.exec(wanted) ?? [];
    return expression === undefined ? value === wanted : new RegExp(expression).test(value);
  }
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((one, index) => hasParts(value[index], one))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  const some = someOf(value, wanted);
  if (some) return some.items.some((item) => hasParts(item, some.wanted));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(wanted).every(([key, one]) =>
    hasParts((value as Record<string, unknown>)[key], one),
  );
}

/** What a JSON value has of the parts of another one, each of them whole; what it lacks is `nothing`. */
export function partsText(value: unknown, wanted: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(wanted) && Array.isArray(value) && value.length === wanted.length) {
    return `[${wanted.map((one, index) => partsText(value[index], one)).join(',')}]`;
  }
  const some = someOf(value, wanted);
  if (some) {
    const met = some.items.filter((item) => hasParts(item, some.wanted));
    const shown = met.length > 0 ? met.slice(0, 1) : some.items;
    return `[${shown.map((item) => partsText(item, some.wanted)).join(',')}]`;
  }
  if (!isMap(wanted) || !isMap(value)) return JSON.stringify(value);
  const parts = Object.entries(wanted).map(
    ([key, one]) => `${JSON.stringify(key)}:${partsText(value[key], one)}`,
  );
  return `{${parts.join(',')}}`;
}

/** A list of which one item is wanted. */
function someOf(value: unknown, wanted: unknown) {
  if (!Array.isArray(value) || !isMap(wanted) || Object.keys(wanted).join() !== 'some') return;
  return { items: value as readonly unknown[], wanted: wanted.some };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

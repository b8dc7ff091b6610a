import * as z from 'zod';
import { durationPattern, durationText, parseDuration } from '../diagnostics/duration.ts';
import { exactSize, parseSize, sizePattern } from '../diagnostics/size.ts';
import {
  type ComponentRef,
  componentRefText,
  expectedComponentRef,
  expectedMemberRef,
  type FileRef,
  isMemberPath,
  type MemberRef,
  memberRefText,
  parseComponentRef,
  parseFileRef,
  parseMemberRef,
} from './component-ref.ts';

/*
 * The kinds of value a recipe has. Two rules make every message of the form "expected X, found Y":
 * a zod issue's message is the X alone, and for unknown keys it is the known ones, separated by ", ".
 * Every kind is a codec or leaves the value alone, so that z.encode turns a resolved recipe back into text.
 */

/** A map with exactly these keys. */
export function map<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : 'a map'),
  });
}

/** A list in which no value comes twice. */
export function list<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: expected }).superRefine((values, context) => {
    const seen = new Set<string>();
    values.forEach((value, index) => {
      const text = JSON.stringify(value);
      if (seen.has(text)) {
        context.addIssue({ code: 'custom', path: [index], message: 'each value only once' });
      }
      seen.add(text);
    });
  });
}

/*
 * Patterns go into the JSON Schemas, which validators of other languages read: each is written in what every dialect
 * of regular expressions knows. No \p, no \d or \w (wider than ASCII in some), no look-ahead, no (?:. The rest is for
 * `refine`.
 */

/** One character of a line, in a pattern: neither C0, DEL nor C1. */
export const noControl = '[^\\x00-\\x1f\\x7f-\\x9f]';

/** Text of one form; `expected` says which, with an example. */
export function text(expected: string, pattern: RegExp) {
  return z.string({ error: expected }).regex(pattern, { error: expected, abort: true });
}

/** Whether characters are in it that show nothing, or reorder what stands around them; those of `but` do not count. */
const hasInvisible = (value: string, but = ''): boolean =>
  [...value].some((one) => /\p{C}/u.test(one) && !but.includes(one));

/** One line for people, of 1 to `most` characters. */
export function line(expected: string, most: number) {
  return text(expected, new RegExp(`^${noControl}{1,${most}}$`, 'u')).refine(
    (value) => !hasInvisible(value),
    { error: expected },
  );
}

/** Lines for people. */
export function paragraph() {
  const expected = 'text without control characters';
  return text(expected, new RegExp(`^${noControl}*(\\n${noControl}*)*$`, 'u')).refine(
    (value) => !hasInvisible(value, '\n'),
    { error: expected },
  );
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(', ')}` });
}

export const flag = () => z.boolean({ error: 'true or false' });

/** A whole number within limits. */
export function integer(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A size: text with a unit in the recipe, bytes once resolved. Limits are in bytes. */
export function size(min: number, max: number, options: { step?: number; power?: boolean } = {}) {
  const step = options.step ?? 1;
  const what = options.power ? 'a power of two' : 'a size';
  const whole = step > 1 ? ` in whole ${exactSize(step).replace(/^1(?=[A-Z])/, '')}` : '';
  const expected = `${what}${whole} from ${exactSize(min)} to ${exactSize(max)}`;
  const form = 'a size such as 48MiB';
  return z
    .codec(z.string({ error: form }).regex(sizePattern, { error: form, abort: true }), z.number(), {
      decode: (value) => parseSize(value) ?? Number.NaN,
      encode: exactSize,
    })
    .refine(
      (bytes) =>
        bytes >= min &&
        bytes <= max &&
        bytes % step === 0 &&
        (!options.power || Number.isInteger(Math.log2(bytes))),
      // Sizes are compared with one another: not with one that is wrong.
      { error: expected, abort: true },
    );
}

/** A stretch of time: text in the file, milliseconds once read. */
export function duration() {
  const error = 'a time such as 500ms, 30s or 5m';
  const text = z
    .string({ error })
    .regex(durationPattern, { error, abort: true })
    .refine((found) => parseDuration(found) !== undefined, {
      error: 'a time of at most 1440m, a day',
      abort: true,
    });
  return z.codec(text, z.number(), {
    decode: (found) => parseDuration(found) ?? 0,
    encode: durationText,
  });
}

/** A kernel module's name, as modprobe takes it. */
export const driverName = () =>
  text('the name of a kernel module such as virtio_blk', /^[A-Za-z0-9_-]{1,55}$/);

/** A path inside a component. */
export const memberPath = () =>
  z
    .string({ error: 'a path inside the component such as usr/bin/NAME' })
    .refine(isMemberPath, { error: 'a path inside the component such as usr/bin/NAME' });

export const componentRef = () =>
  reference<ComponentRef>(expectedComponentRef, parseComponentRef, componentRefText);

export const memberRef = () =>
  reference<MemberRef>(expectedMemberRef, parseMemberRef, memberRefText);

export const fileRef = (expected: string) =>
  reference<FileRef>(expected, parseFileRef, componentRefText);

function reference<Ref extends ComponentRef | MemberRef>(
  expected: string,
  parse: (text: string) => Ref | undefined,
  print: (ref: Ref) => string,
) {
  const isRef = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && ('scheme' in value || 'component' in value);
  return z.codec(z.string({ error: expected }), z.custom<Ref>(), {
    decode: (value, context) => {
      const ref = parse(value);
      if (ref) return ref;
      context.issues.push({ code: 'custom', input: value, message: expected });
      return z.NEVER;
    },
    encode(value, context) {
      // Where a value may have several forms, each of them is tried.
      if (isRef(value)) return print(value);
      context.issues.push({ code: 'custom', input: value, message: expected });
      return z.NEVER;
    },
  });
}

import * as z from 'zod';

/*
 * The kinds of value that only scenarios have; the others are those of recipes (src/recipe/field.ts), whose rules
 * for messages hold here, too: an issue's message is what was expected, and nothing else.
 */

const durationPattern = /^(0|[1-9][0-9]{0,6})(ms|s|m)$/;
const units = { ms: 1, s: 1000, m: 60_000 } as const;

/** Milliseconds of a text such as `500ms`, `30s` or `5m`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  return match ? Number(match[1]) * units[match[2] as keyof typeof units] : undefined;
}

/** The shortest exact text: `5m`, `90s`, `250ms`. */
export function durationText(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds % units.m === 0) return `${milliseconds / units.m}m`;
  return milliseconds % units.s === 0 ? `${milliseconds / units.s}s` : `${milliseconds}ms`;
}

/** A stretch of time: text in the scenario, milliseconds once read. */
export function duration() {
  const error = 'a time such as 500ms, 30s or 5m';
  return z.codec(z.string({ error }).regex(durationPattern, { error, abort: true }), z.number(), {
    decode: (text) => parseDuration(text) ?? 0,
    encode: durationText,
  });
}

/** A regular expression, which a line or an answer has to contain. */
export function pattern() {
  const error = 'a regular expression';
  return z.codec(z.string({ error }), z.custom<RegExp>(), {
    decode(text, context) {
      try {
        return new RegExp(text);
      } catch (problem) {
        const [, why = 'one that is wrong'] = /: ([^:]+)$/.exec((problem as Error).message) ?? [];
        context.issues.push({
          code: 'custom',
          input: text,
          message: error,
          params: { found: `${JSON.stringify(text)} (${why})` },
        });
        return z.NEVER;
      }
    },
    encode: ({ source }) => source,
  });
}

/** Plain words of one line. */
export function line(expected: string) {
  return z.string({ error: expected }).regex(/^[^\p{Cc}]{1,500}$/u, { error: expected });
}

/** Parts of a JSON value that an answer has to have; what they leave out may be anything. */
export function parts(expected: string) {
  return z.record(z.string(), z.unknown(), { error: expected });
}

/** One value or a list of them: the reader of steps makes a list of one (`lists` of a step). */
export function several<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: expected }).min(1, { error: expected });
}

/** The number of a bank's partition. */
export function bankNumber() {
  const error = "the number of a bank's partition, such as 5 or 6";
  return z.int({ error }).min(1, { error }).max(128, { error });
}

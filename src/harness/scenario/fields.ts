import * as z from 'zod';
import { noControl, text } from '../../recipe/field.ts';

/*
 * The kinds of value that only scenarios have; the others are those of recipes (src/recipe/field.ts), whose rules
 * for messages hold here, too: an issue's message is what was expected, and nothing else.
 */

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
  return text(expected, new RegExp(`^${noControl}{1,500}$`, 'u'));
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

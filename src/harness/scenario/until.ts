import { z } from 'zod';
import type { Until } from './follow-boot.ts';

const endings = ['ready', 'unhealthy', 'rescue'] as const;

/** Where a boot is left: one of these, or a console line. */
export function until() {
  const error = 'ready, unhealthy, rescue or a regular expression for a console line';
  return z
    .codec(z.string({ error }), z.custom<Until>(), {
      decode(text, context) {
        const ending = endings.find((one) => one === text);
        if (ending) return ending;
        try {
          return new RegExp(text);
        } catch {
          context.issues.push({ code: 'custom', input: text, message: error });
          return z.NEVER;
        }
      },
      encode: (value) => (value instanceof RegExp ? value.source : value),
    })
    .optional()
    .describe(
      'Where the boot is left: ready (default), unhealthy (not healthy, but still up), rescue, or a console line that matches. Resets on the way are followed.',
    );
}

export function untilTitle(value: Until | undefined): string {
  if (value === undefined || value === 'ready') return '';
  return value instanceof RegExp ? ` until ${value}` : ` until ${value}`;
}

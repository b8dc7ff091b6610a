const units = { ms: 1, s: 1000, m: 60_000 } as const;

/** The form that every time in a scenario, a fault or a rig has: a whole number and a unit. */
export const durationPattern = /^(0|[1-9][0-9]{0,6})(ms|s|m)$/;

/** A day. Node's timers end at once for more than 2^31 - 1 ms. */
const longestMs = 24 * 60 * units.m;

/** Milliseconds of a text such as `500ms`, `30s` or `5m`, of a day at most; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (!match) return undefined;
  const milliseconds = Number(match[1]) * units[match[2] as keyof typeof units];
  return milliseconds <= longestMs ? milliseconds : undefined;
}

/** The shortest exact text: `5m`, `90s`, `250ms`. */
export function durationText(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds % units.m === 0) return `${milliseconds / units.m}m`;
  return milliseconds % units.s === 0 ? `${milliseconds / units.s}s` : `${milliseconds}ms`;
}

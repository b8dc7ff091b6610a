/** What differs from one machine, or one day, to the next. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, 'GUID'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?(?: UTC)?)?/g, 'DATE'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/g, 'HASH'],
  [/(?<![\d.])\d+(?:\.\d+)? ?(?:B|bytes|[KMG]i?B|kB)(?:\/s)?(?!\w)/g, 'SIZE'],
  [/(?<![\d.])\d+(?:\.\d+)? ?(?:ms|s|min)(?!\w)/g, 'TIME'],
  [/(?<![\d.])\d+(?:\.\d+)? ?%/g, 'SHARE'],
  [/\/tmp\/[\w./-]*/g, 'PATH'],
  [/\b\d{5,}\b/g, 'NUMBER'],
  [/[█▇▆▅▄▃▂▁░▒▓━─#]{2,}/g, '█'],
  [/\s+/g, ' '],
];

export function masked(line: string): string {
  return masks.reduce((text, [pattern, word]) => text.replace(pattern, word), line).trim();
}

/**
 * Whether a program printed what a page shows. A line of the page that is `...` stands for any lines, `...` within a line for any text;
 * figures, times, hashes, dates and paths count as the same.
 */
export function printed(shown: readonly string[], lines: readonly string[]): boolean {
  const wanted = compact(shown).map(pattern);
  const found = compact(lines);
  // Which lines of `found` can be the next one, after as much of `wanted` as was looked at.
  let next = new Set([0]);
  for (const one of wanted) {
    const after = new Set<number>();
    for (const at of next) {
      if (one === undefined) for (let more = at; more <= found.length; more += 1) after.add(more);
      else if (one.test(found[at] ?? '\0')) after.add(at + 1);
    }
    next = after;
  }
  return next.has(found.length);
}

/** Blank lines are for the eye. */
function compact(lines: readonly string[]): string[] {
  return lines.map(masked).filter((line) => line !== '');
}

function pattern(line: string): RegExp | undefined {
  if (line === '...') return undefined;
  const parts = line.split('...').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

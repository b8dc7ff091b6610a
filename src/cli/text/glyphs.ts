import type { Environment } from '../command.ts';

/** The characters that drawings are made of. */
export interface Glyphs {
  readonly across: string;
  readonly down: string;
  /** Left, middle and right of a box's upper and lower edge. */
  readonly upper: readonly [string, string, string];
  readonly lower: readonly [string, string, string];
  readonly full: string;
  readonly empty: string;
}

const unicode: Glyphs = {
  across: '─',
  down: '│',
  upper: ['┌', '┬', '┐'],
  lower: ['└', '┴', '┘'],
  full: '█',
  empty: '░',
};

const ascii: Glyphs = {
  across: '-',
  down: '|',
  upper: ['+', '+', '+'],
  lower: ['+', '+', '+'],
  full: '#',
  empty: '.',
};

/** Boxes and blocks where the locale says that the terminal knows them, else ASCII. */
export function glyphs(env: Environment): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) ? unicode : ascii;
}

/** A bar of `width` characters, of which `share` (0 to 1) are full; never empty or full unless it is. */
export function bar(share: number, width: number, { full, empty }: Glyphs): string {
  const exact = Math.round(Math.min(1, Math.max(0, share)) * width);
  const inside = Math.min(width - 1, Math.max(1, exact));
  const count = share <= 0 || share >= 1 ? exact : inside;
  return full.repeat(count) + empty.repeat(width - count);
}

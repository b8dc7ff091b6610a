import { type ImageRole, imagePartition } from '../../../bootloader/image-partitions.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import type { Colors } from '../../command.ts';
import type { Glyphs } from '../../text/glyphs.ts';
import { plain } from '../../text/plain-text.ts';

interface MapOptions {
  readonly columns: number;
  readonly colors: Colors;
  readonly glyphs: Glyphs;
  /** Partition that boots next; its label is bold. */
  readonly next: number | null;
}

interface Segment {
  /** The longest of these that there is room for is shown; the last is the least that must fit. */
  readonly labels: readonly string[];
  readonly sectors: number;
  readonly role: ImageRole | undefined;
  readonly bold: boolean;
}

/** Unused room below this is alignment, and not drawn. */
const smallestGap = 2048;

/** The disk as one row of boxes, each as wide as its share of the disk, but never without its number. */
export function partitionMap(
  partitions: readonly GptPartition[],
  size: number,
  options: MapOptions,
): string {
  const { colors, glyphs } = options;
  const segments = toSegments(partitions, size, options.next);
  const widths = shares(segments, options.columns - segments.length - 1);
  // A disk with so many partitions is a table, not a picture.
  if (!widths) return '';
  const edge = ([left, middle, right]: readonly [string, string, string]) =>
    left + widths.map((width) => glyphs.across.repeat(width)).join(middle) + right;
  const cells = segments.map((segment, index) => paint(segment, widths[index] ?? 0, colors));
  const middle = `${glyphs.down}${cells.join(glyphs.down)}${glyphs.down}`;
  return [edge(glyphs.upper), middle, edge(glyphs.lower)].join('\n');
}

function toSegments(
  partitions: readonly GptPartition[],
  size: number,
  next: number | null,
): Segment[] {
  const segments: Segment[] = [];
  let free = 34;
  const gap = (until: number) => {
    const sectors = until - free;
    if (sectors > smallestGap)
      segments.push({ labels: ['free', ''], sectors, role: undefined, bold: false });
  };
  for (const partition of [...partitions].sort((a, b) => a.firstLba - b.firstLba)) {
    const { number, name, firstLba, lastLba } = partition;
    gap(firstLba);
    segments.push({
      labels: [`${number} ${plain(name)}`, `${number}`],
      sectors: lastLba - firstLba + 1,
      role: imagePartition(partition)?.role,
      bold: number === next,
    });
    free = lastLba + 1;
  }
  gap(Math.floor(size / 512));
  return segments;
}

/** Columns of each segment, `columns` in all; undefined where not even the numbers fit. */
function shares(segments: readonly Segment[], columns: number): number[] | undefined {
  const least = segments.map(({ labels }) => Math.max(1, labels.at(-1)?.length ?? 0));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  if (segments.length === 0 || sum(least) > columns) return undefined;
  const sectors = sum(segments.map((segment) => segment.sectors));
  const widths = segments.map((segment, index) =>
    Math.max(least[index] ?? 1, Math.round((segment.sectors / sectors) * columns)),
  );
  // What the small ones took beyond their share, and what rounding left, is settled with the widest.
  for (let rest = columns - sum(widths); rest !== 0; rest -= Math.sign(rest)) {
    const slack = widths.map((width, index) => width - (least[index] ?? 1));
    const widest = slack.indexOf(Math.max(...slack));
    widths[widest] = (widths[widest] ?? 0) + Math.sign(rest);
  }
  return widths;
}

function paint({ labels, role, bold }: Segment, width: number, colors: Colors): string {
  const label = labels.find((text) => text.length <= width) ?? '';
  const left = Math.floor((width - label.length) / 2);
  const cell = (' '.repeat(left) + label).padEnd(width);
  const colored = roleColor(role, colors)(cell);
  return bold ? colors.bold(colored) : colored;
}

function roleColor(role: ImageRole | undefined, colors: Colors): (text: string) => string {
  if (role === 'bank') return colors.green;
  if (role === 'store') return colors.cyan;
  if (role === 'coredump') return colors.yellow;
  if (role === 'loader' || role === 'bios-boot') return colors.magenta;
  return colors.dim;
}

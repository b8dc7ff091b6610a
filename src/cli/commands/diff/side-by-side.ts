import type { Colors } from '../../command.ts';

/** What both sides have of one thing, in words; `none` is shown, and is no difference. */
export interface SideRow {
  readonly change: 'added' | 'removed' | 'changed' | 'none';
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly SideRow[];
  /** Below the rows, as they are. */
  readonly notes?: readonly string[];
}

export interface SideBySideStyle {
  readonly colors: Colors;
  /** Characters that a line has at the most. */
  readonly columns: number;
  /** Of the columns, what names get at the most. */
  readonly share?: number;
}

const marks = { added: '+', removed: '-', changed: '~', none: ' ' } as const;
const minCell = 8;

/**
 * Sections of three columns: what it is, how A has it, how B has it. All sections have the same columns, in
 * the width that there is. Nothing is cut off: what is too long goes on in the next line of its column, and
 * a name that is longer than its column has a line of its own.
 */
export function sideBySide(sections: readonly Section[], style: SideBySideStyle): string {
  const { colors, columns, share = 0.4 } = style;
  const names = sections.flatMap(({ rows }) => rows.map(({ name }) => name.length));
  const name = Math.min(Math.max(minCell, ...names), Math.floor(columns * share));
  const cell = Math.max(minCell, Math.floor((columns - 2 - name - 4) / 2));
  const blocks = sections.map(({ title, rows, notes = [] }) => {
    const heading = colors.bold(title.padEnd(name + 2));
    const sides = `${'A'.padEnd(cell)}  B`;
    return [
      rows.length > 0 && title.length <= name + 2 ? `${heading}  ${colors.dim(sides)}` : heading,
      ...rows.flatMap((row) => rowLines(row, { name, cell, colors })),
      ...notes,
    ].join('\n');
  });
  return blocks.map((block) => block.replaceAll(/ +$/gm, '')).join('\n\n');
}

function rowLines(
  row: SideRow,
  { name, cell, colors }: { name: number; cell: number; colors: Colors },
): string[] {
  const tint = {
    added: colors.green,
    removed: colors.red,
    changed: colors.yellow,
    none: colors.dim,
  }[row.change];
  const [left, right] = [broken(row.a, cell), broken(row.b, cell)];
  const isLong = row.name.length > name;
  const first = isLong ? [tint(`${marks[row.change]} ${row.name}`)] : [];
  const count = Math.max(left.length, right.length, isLong ? 0 : 1);
  const lines = Array.from({ length: count }, (_, index) => {
    const head = index === 0 && !isLong ? `${marks[row.change]} ${row.name}` : '';
    const [a, b] = [left[index] ?? '', right[index] ?? ''];
    const padded = b === '' ? a : a.padEnd(cell);
    const sides = [
      row.change === 'removed' ? tint(padded) : padded,
      ...(b === '' ? [] : [row.change === 'added' ? tint(b) : b]),
    ];
    return `${tint(head.padEnd(name + 2))}  ${sides.join('  ')}`;
  });
  return [...first, ...lines];
}

/** Stands for a blank at which a line is not broken. */
const noBreakSpace = '\u00a0';

/** Facts of one cell, which is broken between them and not in them, unless one is longer than a line. */
export function facts(all: readonly string[]): string {
  return all.map((fact) => fact.replaceAll(' ', noBreakSpace)).join(', ');
}

/** Lines of at most `width` characters, broken at blanks where there are some. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((one) => one !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (line.length > width) {
      const end = breakWord(line, width);
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  const all = line === '' ? lines : [...lines, line];
  // A comma for which there was no room any more says nothing on a line of its own.
  return all.filter((one) => one !== ',').map((one) => one.replaceAll(noBreakSpace, ' '));
}

/** Where a word that is too long is broken: behind a `/` or the like, if that leaves no short line. */
function breakWord(word: string, width: number): number {
  const fits = word.slice(0, width);
  const end = Math.max(
    ...['/', ',', ':', '=', noBreakSpace].map((sign) => fits.lastIndexOf(sign) + 1),
  );
  return end > width / 3 ? end : width;
}

import { bytesMore, type SystemsComparison } from '../../../compare/compare.ts';
import type { RecipeChange } from '../../../compare/compare-recipes.ts';
import type {
  DescribedBundle,
  DescribedImage,
  DescribedRecipe,
} from '../../../compare/described.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { plain, wrap } from '../../text/plain-text.ts';
import { imageSections } from './image-text.ts';
import { type Section, type SideBySideStyle, sideBySide } from './side-by-side.ts';
import { fileSections, optionRows, systemSections } from './system-text.ts';

export interface DiffStyle extends SideBySideStyle {
  /** No list is shortened. */
  readonly all: boolean;
  /** GUIDs count, and are shown. */
  readonly ids: boolean;
}

type WithSystem = DescribedImage | DescribedBundle;

/** What two images or bundles have differently, for people: only that, and a sum in one line. */
export function systemsText(
  a: WithSystem,
  b: WithSystem,
  found: SystemsComparison,
  style: DiffStyle,
): string {
  const sections = [
    ...(found.image && a.kind === 'image' && b.kind === 'image'
      ? imageSections(a, b, found.image, style.ids)
      : []),
    ...systemSections(found.system, found.files, found.unread),
    ...fileSections(found.files, found.system, style),
  ];
  const marks = found.image?.banks.some(({ counted }) => !counted) ? ', but for marks' : '';
  const sum = found.equal ? `the same${marks}` : summary(a, b, found);
  return text([sideLine('A', a), sideLine('B', b)], sections, sum, style);
}

/** What two recipes have differently, value by value, with what set each. */
export function recipesText(
  a: DescribedRecipe,
  b: DescribedRecipe,
  changes: readonly RecipeChange[],
  style: DiffStyle,
): string {
  const side = (value: RecipeChange['a']): string =>
    value ? `${valueText(value.value)}, ${plain(value.origin)}` : '';
  const rows = changes.map((one) => ({
    change: one.a ? (one.b ? ('changed' as const) : ('removed' as const)) : ('added' as const),
    name: plain(one.path),
    a: side(one.a),
    b: side(one.b),
  }));
  const sections = rows.length > 0 ? [{ title: 'Recipe', rows }] : [];
  const sum = rows.length === 0 ? 'the same' : `${counted(rows.length, 'value')} differ`;
  // A value and its origin need more room than the name, which may have a line of its own.
  const share = 0.33;
  const heads = [`A  ${plain(a.path)}: recipe`, `B  ${plain(b.path)}: recipe`];
  return text(heads, sections, sum, { ...style, share });
}

/** As YAML has it where that is clear: quoted only where it could be taken for another type, or has blanks. */
function valueText(value: unknown): string {
  const isWord = typeof value === 'string' && /^[\w./][^\s"'{}[\],&*!|>%@`]*$/.test(value);
  const isOther = ['true', 'false', 'null'].includes(String(value)) || !Number.isNaN(Number(value));
  return plain(isWord && !isOther ? value : JSON.stringify(value));
}

function text(
  heads: readonly string[],
  sections: readonly Section[],
  sum: string,
  style: SideBySideStyle,
): string {
  const filled = sections.filter(({ rows, notes = [] }) => rows.length + notes.length > 0);
  const blocks = [
    heads.map((head) => wrap(head, style.columns, 3)).join('\n'),
    ...(filled.length > 0 ? [sideBySide(filled, style)] : []),
    style.colors.bold(wrap(sum, style.columns, 2)),
  ];
  return blocks.join('\n\n');
}

function sideLine(letter: string, side: WithSystem): string {
  const build = plain(side.system.build) || 'no manifest of the base';
  if (side.kind === 'bundle') {
    const from = side.from === null ? '' : `, relative to ${plain(side.from)}`;
    return `${letter}  ${plain(side.path)}: bundle, ${build}${from}`;
  }
  const { format, size, bank, problems } = side;
  const wrong = problems.length > 0 ? `; ${counted(problems.length, 'thing')} wrong (inspect)` : '';
  return `${letter}  ${plain(side.path)}: ${format} image, ${humanSize(size)}, bank ${bank}, ${build}${wrong}`;
}

function summary(
  a: WithSystem,
  b: WithSystem,
  { image, system, files }: SystemsComparison,
): string {
  const { modules, packages, kernelOptions } = system;
  const kinds = (['changed', 'added', 'removed'] as const).flatMap((kind) => {
    const count = modules.filter(({ change }) => change === kind).length;
    return count === 0 ? [] : [`${counted(count, 'module')} ${kind}`];
  });
  const changed = new Set(modules.flatMap((one) => (one.change === 'changed' ? [one.key] : [])));
  const count = (number: number, name: string) => (number === 0 ? [] : [counted(number, name)]);
  const more = bytesMore(a.system, b.system);
  const parts = [
    ...count(image?.partitions.length ?? 0, 'partition'),
    ...kinds,
    ...count(files.filter(({ module }) => changed.has(module)).length, 'file'),
    ...count(optionRows(kernelOptions).length, 'kernel option'),
    ...count(packages.length, 'package'),
    ...(more === 0 ? [] : [`${more > 0 ? '+' : ''}${humanSize(more)}`]),
  ];
  return parts.length === 0 ? 'different' : `different: ${parts.join(', ')}`;
}

function counted(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? '' : 's'}`;
}

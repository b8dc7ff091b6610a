import type { ManifestPackage } from '../../../bootloader/bank-manifest.ts';
import type { KeyedChange } from '../../../compare/change.ts';
import type { UnreadModule } from '../../../compare/compare.ts';
import type { FileChange, FileField, ListedFile } from '../../../compare/compare-files.ts';
import { type SystemComparison, sameContent } from '../../../compare/compare-systems.ts';
import type { DescribedModule, DescribedOrigin } from '../../../compare/described.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import type { Colors } from '../../command.ts';
import { plain } from '../../text/plain-text.ts';
import { diffOf } from './json.ts';
import { facts, type Section, type SideRow } from './side-by-side.ts';

/** More files of a module are for --all, or for programs. */
const maxFiles = 40;

/** What two systems have differently, but for the files in their modules. */
export function systemSections(
  found: SystemComparison,
  files: readonly FileChange[],
  unread: readonly UnreadModule[],
): Section[] {
  const { origins, trust, kernelOptions, modules, packages } = found;
  return [
    {
      title: 'System',
      rows: found.facts.map(({ name, a, b }): SideRow => {
        const text = (value: string | number) => plain(String(value)) || 'none';
        return { change: 'changed', name, a: text(a), b: text(b) };
      }),
    },
    {
      title: 'Origins',
      rows: origins.map((one) => row(one, originText(one.a, one.b), originText(one.b, one.a))),
    },
    {
      title: 'Trusted keys',
      rows: trust.map((one) => row(one, one.a?.publicKey ?? '', one.b?.publicKey ?? '')),
    },
    { title: 'Kernel options', rows: optionRows(kernelOptions) },
    {
      title: 'Modules',
      rows: modules.map((one) =>
        row(one, moduleText(one.a, one.b), moduleText(one.b, one.a, true)),
      ),
      notes: fileNotes(modules, files, unread),
    },
    {
      title: 'Packages',
      rows: packages.map((one) =>
        row(one, packageText(one.a, one.b), packageText(one.b, one.a, true)),
      ),
    },
  ];
}

/** What is to be said of a module's files where none is listed below. */
function fileNotes(
  modules: SystemComparison['modules'],
  files: readonly FileChange[],
  unread: readonly UnreadModule[],
): string[] {
  // One reason that holds for many modules, such as --brief, is one line.
  const reasons = [...new Set(unread.map(({ why }) => why))].map((why) => {
    const keys = unread.filter((one) => one.why === why).map(({ module }) => plain(module));
    const who = keys.length === 1 ? `${keys[0]}:` : `${keys.length} modules`;
    return `  ${who} by lists of files only: ${plain(why)}`;
  });
  const same = modules.flatMap(({ key, a, b }): string[] => {
    if (unread.some(({ module }) => module === key)) return [];
    const looked = a && b && a.files.length > 0 && !sameContent(a, b);
    if (!looked || files.some(({ module }) => module === key)) return [];
    return [`  ${plain(key)}: the same files, packed otherwise`];
  });
  return [...reasons, ...same];
}

/** The files of modules that both sides have, a section each. */
export function fileSections(
  files: readonly FileChange[],
  { modules }: SystemComparison,
  { all, colors }: { all: boolean; colors: Colors },
): Section[] {
  return modules.flatMap(({ key, change }): Section[] => {
    if (change !== 'changed') return [];
    const ofModule = files.filter(({ module }) => module === key);
    const shown = all ? ofModule : ofModule.slice(0, maxFiles);
    const hidden = ofModule.length - shown.length;
    return [
      {
        title: `Files of ${plain(key)}`,
        rows: shown.map((one) => {
          const [a, b] = fileTexts(one);
          return { change: one.change, name: plain(one.path), a, b };
        }),
        notes: [
          ...shown.flatMap((one) => contentLines(one, colors)),
          ...(hidden > 0 ? [colors.dim(`  ${hidden} more: --all or --json shows them`)] : []),
        ],
      },
    ];
  });
}

function row(one: KeyedChange<unknown>, a: string, b: string): SideRow {
  return { change: one.change, name: plain(one.key), a, b };
}

function originText(one: DescribedOrigin | null, other: DescribedOrigin | null): string {
  if (!one) return '';
  const factsOfOrigin = ({ vendor, version, signedBy }: DescribedOrigin) => [
    plain(version),
    plain(vendor),
    `signed by ${signedBy.join(' ') || 'nobody'}`,
  ];
  const theirs = other ? factsOfOrigin(other) : [];
  return facts(factsOfOrigin(one).filter((fact, index) => fact !== theirs[index]));
}

/** `NAME=VALUE` that only has another value is one row. */
export function optionRows({
  added,
  removed,
  moved,
}: SystemComparison['kernelOptions']): SideRow[] {
  const nameOf = (word: string) => word.split('=')[0] ?? '';
  const only = (options: readonly string[], name: string) =>
    options.filter((word) => nameOf(word) === name).length === 1;
  const paired = new Set(
    removed.map(nameOf).filter((name) => only(removed, name) && only(added, name)),
  );
  const valueOfOption = (options: readonly string[], name: string) => {
    const word = options.find((one) => nameOf(one) === name) ?? '';
    return plain(word.includes('=') ? word.slice(name.length + 1) : word);
  };
  return [
    ...[...paired].map((name): SideRow => {
      const [a, b] = [valueOfOption(removed, name), valueOfOption(added, name)];
      return { change: 'changed', name: plain(name), a, b };
    }),
    ...removed.flatMap((word): SideRow[] =>
      paired.has(nameOf(word)) ? [] : [{ change: 'removed', name: plain(word), a: 'set', b: '' }],
    ),
    ...added.flatMap((word): SideRow[] =>
      paired.has(nameOf(word)) ? [] : [{ change: 'added', name: plain(word), a: '', b: 'set' }],
    ),
    ...moved.map((word): SideRow => {
      return { change: 'changed', name: plain(word), a: 'set', b: 'set elsewhere in the line' };
    }),
  ];
}

/** What the other side has otherwise, and the size. */
function moduleText(
  one: DescribedModule | null,
  other: DescribedModule | null,
  isB = false,
): string {
  if (!one) return '';
  const factsOf = (module: DescribedModule) => [
    plain(module.version) || 'no manifest',
    plain(module.origin),
    plain(module.vendor),
    module.file === `${module.name}.v00` ? '' : plain(module.file),
    plain(module.relations.join('; ')),
  ];
  const [ours, theirs] = [factsOf(one), other ? factsOf(other) : []];
  const shown = other
    ? ours.filter((fact, index) => fact !== theirs[index])
    : [...ours.slice(0, 2), `${one.files.length} files`];
  const isOther = !other || !sameContent(one, other);
  const size = isB ? sizePair(other?.bytes, one.bytes)[1] : humanSize(one.bytes);
  const content = isOther ? [size, one.sha256.slice(0, 8) || 'unreadable'] : [];
  const left = one.leftOut ? ['left out'] : [];
  return facts([...shown, ...content, ...left].filter((fact) => fact !== ''));
}

/** Of a package, as of a module. */
function packageText(
  one: ManifestPackage | null,
  other: ManifestPackage | null,
  isB = false,
): string {
  if (!one) return '';
  const factsOf = ({ version = '', type = '' }: ManifestPackage) => [plain(version), plain(type)];
  const theirs = other ? factsOf(other) : [];
  const size = isB ? sizePair(other?.bytes, one.bytes)[1] : humanSize(one.bytes);
  // Where nothing else tells the two apart, the hash does.
  const isAlike = other?.bytes === one.bytes && other.sha256 !== one.sha256;
  const shown = factsOf(one).filter((fact, index) => fact !== theirs[index]);
  return facts([...shown, size, isAlike ? one.sha256.slice(0, 8) : ''].filter(Boolean));
}

/** Two sizes, the second with the difference; the smallest unit shows it where the larger one would not. */
function sizePair(a: number | undefined, b: number | undefined): [string, string] {
  const one = a === undefined ? '' : humanSize(a);
  if (a === undefined || b === undefined) return [one, b === undefined ? '' : humanSize(b)];
  const more = b - a;
  return [
    one,
    more === 0 ? humanSize(b) : `${humanSize(b)} (${more > 0 ? '+' : ''}${humanSize(more)})`,
  ];
}

function fileTexts({ a, b, fields }: FileChange): [string, string] {
  if (!a || !b) return [singleText(a), singleText(b)];
  const texts: Readonly<Record<FileField, (one: ListedFile) => string>> = {
    type: ({ type }) => `a ${type}`,
    content: ({ bytes = 0 }) => humanSize(bytes),
    mode: ({ mode = 0 }) => `mode ${mode.toString(8)}`,
    owner: ({ owner = '' }) => `owner ${owner}`,
    target: ({ target = '' }) => (target === '' ? 'no target' : `-> ${plain(target)}`),
  };
  const left = fields.map((field) => texts[field](a));
  const right = fields.map((field) => {
    if (field !== 'content') return texts[field](b);
    return a.bytes === b.bytes
      ? `${humanSize(b.bytes ?? 0)}, other content`
      : sizePair(a.bytes, b.bytes)[1];
  });
  return [facts(left), facts(right)];
}

function singleText(one: ListedFile | null): string {
  if (!one) return '';
  if (one.type === undefined) return 'there';
  if (one.type === 'file') return humanSize(one.bytes ?? 0);
  return one.type === 'symlink' ? `-> ${plain(one.target ?? '')}` : one.type;
}

/** The lines of a text that differ; no side-by-side could hold them. */
function contentLines(one: FileChange, colors: Colors): string[] {
  const lines = diffOf(one);
  if (!lines) return [];
  const tints = { '+': colors.green, '-': colors.red, '@': colors.cyan } as const;
  const tint = (line: string) =>
    (tints[line[0] as keyof typeof tints] ?? ((text: string) => text))(line);
  const safe = lines.flatMap((line) => line.split('\n')).map((line) => tint(plain(line)));
  return ['', colors.bold(plain(one.path)), ...safe.map((line) => `  ${line}`)];
}

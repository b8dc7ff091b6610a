import { contentOf } from '../../../bootloader/image-partitions.ts';
import type { ImageReport } from '../../../bootloader/inspect-image.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import { partitionExtent } from '../../../disk/partition-device.ts';
import type { StoreReport } from '../../../update/stored-package.ts';
import { type LoaderVerdict, notCovered } from '../../../update/verify-loader.ts';
import type { Colors, Context } from '../../command.ts';
import { bankText } from '../../text/bank-text.ts';
import { glyphs } from '../../text/glyphs.ts';
import { journalText } from '../../text/journal-text.ts';
import { alignRight, plain, wrap } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';
import { type SignedRow, signedText } from './bank-signers.ts';
import { partitionMap } from './partition-map.ts';
import { type SlotRow, slotLine } from './state-slots.ts';
import { storePackagesText } from './store-packages.ts';

/** So much of the boot journal's end is shown. */
const lastRecords = 6;

/** More than this many are for programs to read. */
const maxFindings = 30;

/** What is known of an image, and what it is called. */
export interface NamedReport extends ImageReport {
  readonly image: string;
  readonly format: string;
  /** By the partition of the bank. */
  readonly slots: ReadonlyMap<number, readonly SlotRow[]>;
  /** By the same. */
  readonly signers: ReadonlyMap<number, readonly SignedRow[]>;
  readonly loader: LoaderVerdict;
  readonly packages: StoreReport;
}

/** What `inspect` shows people: the map of the disk, both banks, what boots next, what is wrong. */
export function inspectText(
  image: NamedReport,
  { colors, columns, env }: Pick<Context, 'colors' | 'columns' | 'env'>,
): string {
  const look = { colors, columns: Math.min(columns, 120), glyphs: glyphs(env) };
  const { next } = image;
  const blocks = [
    `${colors.bold(image.image)}: ${image.format} image, ${humanSize(image.size)}, disk ${image.diskGuid}`,
    [partitionMap(image.partitions, image.size, { ...look, next }), partitionTable(image)]
      .filter((part) => part !== '')
      .join('\n'),
    ...image.banks.map((bank) => {
      const text = bankText(bank, { ...look, next: bank.partition === next });
      if (bank.empty) return text;
      const signers = image.signers.get(bank.partition) ?? [];
      const lines = [
        slotLine(image.slots.get(bank.partition) ?? []),
        `security version ${bank.securityVersion ?? '?'}`,
        ...signers.map((one) => signedText(one, { colors, columns: look.columns - 2 })),
      ];
      return [text, ...lines.map((line) => `  ${line}`)].join('\n');
    }),
    [
      `${colors.bold('Core dump:')} ${coredumpText(image)}`,
      `${colors.bold('Store:')} ${storeText(image)}`,
    ].join('\n'),
    ...journalBlock(image, colors),
    wrap(`Next boot: ${plain(image.why)}`, look.columns, 2).replace(
      'Next boot:',
      colors.bold('Next boot:'),
    ),
    findingsText(image, look),
  ];
  return blocks.join('\n\n');
}

function partitionTable({ partitions }: ImageReport): string {
  const column = (heading: string, cell: (partition: GptPartition) => string | number) =>
    alignRight([heading, ...partitions.map((partition) => String(cell(partition)))]);
  const numbers = column('no.', ({ number }) => number);
  const first = column('first LBA', ({ firstLba }) => firstLba);
  const last = column('last LBA', ({ lastLba }) => lastLba);
  const sizes = column('size', (partition) => humanSize(partitionExtent(partition).length));
  const names = ['name', ...partitions.map(({ name }) => plain(name))];
  const contents = ['content', ...partitions.map(contentOf)];
  return table(
    numbers.map((number, row) => [
      number,
      names[row] ?? '',
      contents[row] ?? '',
      first[row] ?? '',
      last[row] ?? '',
      sizes[row] ?? '',
    ]),
  );
}

function coredumpText({ coredump }: ImageReport): string {
  if (coredump === null) return 'cannot be read';
  const { state, length, build, time, reason } = coredump;
  if (state === 'empty') return 'none';
  const when = new Date(time * 1000);
  const taken = Number.isNaN(when.getTime()) ? 'at an unknown time' : when.toISOString();
  const what = `${humanSize(length)} of build ${plain(build)}, taken ${taken}`;
  const ends = { complete: '', writing: ', never finished', cut: ', cut', failed: ', failed' };
  return `${what}${ends[state]}: ${plain(reason === '' ? 'no reason given' : reason)}`;
}

function storeText({ store, packages }: NamedReport): string {
  if (store === null) return 'cannot be read';
  const { bytesFree, bytes } = store;
  const rows = storePackagesText(packages).split('\n').filter(Boolean);
  const found = packages.packages.length + packages.unnamed.length;
  const count = found === 1 ? '1 package' : `${found} packages`;
  const free = `${humanSize(bytesFree)} of ${humanSize(bytes)} free`;
  return [`${count}, ${free}`, ...rows.map((row) => `  ${row}`)].join('\n');
}

function journalBlock({ store }: ImageReport, colors: Colors): string[] {
  const last = store?.journal.slice(-lastRecords) ?? [];
  return last.length === 0 ? [] : [`${colors.bold('Last boots:')}\n${journalText(last)}`];
}

function findingsText(
  { findings, loader }: NamedReport,
  { colors, columns }: { colors: Colors; columns: number },
): string {
  const open = notCovered(loader).map((what) => colors.yellow(`Not covered: ${what}.`));
  if (findings.length === 0) return [colors.green('Nothing is wrong with it.'), ...open].join(' ');
  const rows = findings.slice(0, maxFindings).map(({ severity, message }) => {
    const text = wrap(`${severity}: ${plain(message)}`, columns, 2);
    const color = severity === 'error' ? colors.red : colors.yellow;
    return color(severity) + text.slice(severity.length);
  });
  const rest = findings.length - rows.length;
  if (rest > 0) rows.push(`and ${rest} more (--json lists all of them)`);
  return [...rows, ...open].join('\n');
}

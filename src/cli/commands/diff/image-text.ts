import { contentOf } from '../../../bootloader/image-partitions.ts';
import { sameJson } from '../../../compare/change.ts';
import type { BankChange, ImageComparison } from '../../../compare/compare-images.ts';
import type { DescribedImage } from '../../../compare/described.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import { partitionExtent } from '../../../disk/partition-device.ts';
import { plain } from '../../text/plain-text.ts';
import { facts, type Section, type SideRow } from './side-by-side.ts';

/** What two images have differently beside the system that is compared in full. */
export function imageSections(
  a: DescribedImage,
  b: DescribedImage,
  { disk, partitions, files, banks }: ImageComparison,
  ids: boolean,
): Section[] {
  // A package of the store is told once, with the packages; that a build has a list of them, never.
  const alreadyShown = new Set(
    [a, b].flatMap(({ system: { packages, build } }) => [
      ...packages.map(({ name }) => `packages/${name}`),
      `builds/${build}.json`,
    ]),
  );
  const others = files.filter(
    (one) =>
      !((one.a ?? one.b)?.place === 'store' && alreadyShown.has((one.a ?? one.b)?.path ?? '')),
  );
  return [
    {
      title: 'Disk',
      rows: disk.map(({ name, ...sides }): SideRow => {
        const text = (value: string | number) =>
          typeof value === 'number' ? humanSize(value) : value;
        return { change: 'changed', name, a: text(sides.a), b: text(sides.b) };
      }),
    },
    {
      title: 'Partitions',
      rows: partitions.map((one): SideRow => {
        const { number, name } = one.a ?? one.b ?? { number: 0, name: '' };
        const other = one.change === 'changed' ? (one.a ?? undefined) : undefined;
        return {
          change: one.change,
          name: `${number} ${plain(name)}`,
          a: one.a ? partitionText(one.a, one.b ?? undefined, ids) : '',
          b: one.b ? partitionText(one.b, other, ids) : '',
        };
      }),
    },
    {
      title: 'Beside the banks',
      rows: others.map((one): SideRow => {
        const { place, path } = one.a ?? one.b ?? { place: '', path: '' };
        const text = (file: typeof one.a) =>
          file ? `${humanSize(file.bytes)} ${file.sha256.slice(0, 8) || 'unreadable'}` : '';
        return {
          change: one.change,
          name: plain(`${place}: ${path}`),
          a: text(one.a),
          b: text(one.b),
        };
      }),
    },
    { title: 'Banks', rows: banks.flatMap((bank) => (bank.counted ? bankRows(a, b, bank) : [])) },
    {
      title: 'Marks (--marks counts them)',
      rows: banks.flatMap((bank) => (bank.counted ? [] : bankRows(a, b, bank))),
    },
  ];
}

/** Only what the other one has otherwise; everything where there is no other one. */
function partitionText(one: GptPartition, other: GptPartition | undefined, ids: boolean): string {
  const factsOf = (partition: GptPartition) => [
    plain(partition.name),
    contentOf(partition),
    humanSize(partitionExtent(partition).length),
    `LBA ${partition.firstLba}-${partition.lastLba}`,
    `attributes ${partition.attributes}`,
    ...(ids ? [partition.guid] : []),
  ];
  const [ours, theirs] = [factsOf(one), other ? factsOf(other) : []];
  if (!other) return facts(ours.slice(1, 4));
  return facts(ours.filter((fact, index) => fact !== theirs[index]));
}

function bankRows(a: DescribedImage, b: DescribedImage, bank: BankChange): SideRow[] {
  const { partition, change, fields, counted, modules } = bank;
  const build = (side: BankChange['a']) => (side ? plain(side.build ?? 'unknown') : '');
  const name = `bank ${partition}`;
  if (change !== 'changed') return [{ change, name, a: build(bank.a), b: build(bank.b) }];
  const isChosen = a.bank === partition && b.bank === partition;
  const isCopy =
    !isChosen &&
    sameJson(bank.a?.system, a.system) &&
    sameJson(bank.b?.system, b.system) &&
    fields.includes('contents');
  // What the sections below tell in full, or told already, need not be told twice.
  const rest = isChosen || isCopy ? fields.filter((field) => !isContent(field)) : fields;
  const copy = (chosen: number) => `as bank ${chosen}`;
  return [
    ...(isCopy ? [{ change, name, a: copy(a.bank), b: copy(b.bank) }] : []),
    ...rest.map((field): SideRow => {
      const row = { change: counted ? change : ('none' as const), name: `${name} ${field}` };
      if (field !== 'contents') {
        return { ...row, a: plain(String(bank.a?.[field])), b: plain(String(bank.b?.[field])) };
      }
      const count = (side: BankChange['a']) => `${side?.system.modules.length ?? 0} modules`;
      const what = modules.length > 0 ? `other ${modules.map(plain).join(', ')}` : 'no other ones';
      return { ...row, a: count(bank.a), b: `${count(bank.b)}, ${what}` };
    }),
  ];
}

function isContent(field: BankChange['fields'][number]): boolean {
  return field === 'build' || field === 'contents';
}

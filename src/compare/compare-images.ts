import type { GptPartition } from '../disk/gpt-entry.ts';
import { type Change, changesBy, type KeyedChange, sameJson } from './change.ts';
import { compareSystems, isSameSystem } from './compare-systems.ts';
import type { DescribedBank, DescribedFile, DescribedImage } from './described.ts';

export interface ImageOptions {
  /** GUIDs and UUIDs count. */
  readonly ids: boolean;
  /** What the loader and updates write into boot.cfg counts. */
  readonly marks: boolean;
}

/** Marks are what boots and updates leave: the same image twice, booted once, has others. */
const markFields = ['state', 'updated', 'attempts', 'verdict'] as const;
type BankField = (typeof markFields)[number] | 'build' | 'uuid' | 'contents';

export interface BankChange extends Change<DescribedBank> {
  readonly partition: number;
  /** What differs; of a bank that only one side has, nothing is listed. */
  readonly fields: readonly BankField[];
  /** Whether it makes the images differ; marks alone do only where they are asked for. */
  readonly counted: boolean;
  /** Names of the modules that differ. */
  readonly modules: readonly string[];
}

export interface ImageComparison {
  readonly disk: readonly {
    readonly name: 'size' | 'diskGuid' | 'loader';
    readonly a: string | number;
    readonly b: string | number;
  }[];
  readonly partitions: readonly KeyedChange<GptPartition>[];
  /** Beside the banks; the key is `PLACE:PATH`. */
  readonly files: readonly KeyedChange<DescribedFile>[];
  readonly banks: readonly BankChange[];
}

/** What two images have differently, but for the system in the bank that is compared in full. */
export function compareImages(
  a: DescribedImage,
  b: DescribedImage,
  options: ImageOptions,
): ImageComparison {
  const names = ['size', ...(options.ids ? (['diskGuid'] as const) : []), 'loader'] as const;
  const fields = ({ number, name, type, firstLba, lastLba, attributes, guid }: GptPartition) => {
    const plain = [number, name, type, firstLba, lastLba, String(attributes)];
    return options.ids ? [...plain, guid] : plain;
  };
  return {
    disk: names.flatMap((name) => (a[name] === b[name] ? [] : [{ name, a: a[name], b: b[name] }])),
    partitions: changesBy(
      a.partitions,
      b.partitions,
      // Numbers in their order, which texts of one length have.
      ({ number }) => String(number).padStart(4, '0'),
      (one, other) => sameJson(fields(one), fields(other)),
    ),
    files: changesBy(a.files, b.files, ({ place, path }) => `${place}:${path}`, sameJson),
    banks: compareBanks(a.banks, b.banks, options),
  };
}

export function isSameImage({ disk, partitions, files, banks }: ImageComparison): boolean {
  if (banks.some(({ counted }) => counted)) return false;
  return [disk, partitions, files].every((list) => list.length === 0);
}

function compareBanks(
  a: readonly DescribedBank[],
  b: readonly DescribedBank[],
  { ids, marks }: ImageOptions,
): BankChange[] {
  const changes = changesBy(
    a,
    b,
    ({ partition }) => String(partition),
    (one, other) => fieldsOf(one, other).length === 0,
  );
  return changes.flatMap((found): BankChange[] => {
    const both = found.a && found.b ? ([found.a, found.b] as const) : undefined;
    const fields = both ? fieldsOf(...both).filter((field) => ids || field !== 'uuid') : [];
    if (both && fields.length === 0) return [];
    const modules = both
      ? compareSystems(both[0].system, both[1].system).modules.map(({ key }) => key)
      : [];
    const isMark = (field: BankField) => (markFields as readonly string[]).includes(field);
    const counted = !both || fields.some((field) => marks || !isMark(field));
    const { key, ...change } = found;
    return [{ partition: Number(key), ...change, fields, counted, modules }];
  });
}

function fieldsOf(a: DescribedBank, b: DescribedBank): BankField[] {
  const plain = (['build', ...markFields, 'uuid'] as const).filter((name) => a[name] !== b[name]);
  return isSameSystem(compareSystems(a.system, b.system)) ? plain : [...plain, 'contents'];
}

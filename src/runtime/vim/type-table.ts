import { type Member, type Method, readTypeRow, type TypeRow } from './type-row.ts';
import table from './types.json' with { type: 'json' };
import { arrayName } from './value.ts';

/** A type of the VI API with what it inherits. */
export interface VimType extends TypeRow {
  /** Itself, its base and so on. */
  readonly line: readonly string[];
  /** The base's first, in schema order: the order of the wire. */
  readonly allMembers: readonly Member[];
}

/** Types that XML Schema has, as the table names them. `void` is no value. */
export const simpleTypes = [
  ...['anyType', 'boolean', 'byte', 'short', 'int', 'long', 'float', 'double', 'string'],
  ...['anyURI', 'base64Binary', 'dateTime'],
] as const;
export type SimpleType = (typeof simpleTypes)[number];

/** The API's versions, oldest first (`2.0` … `6.5`); `since` counts in it. */
export const apiVersions: readonly string[] = table.versions;
export const newestVersion = apiVersions.length - 1;

const rows: Readonly<Record<string, string>> = table.types;
const types = new Map<string, VimType>();

/** The names of all types, sorted. */
export function typeNames(): string[] {
  return Object.keys(rows);
}

/** The names of the managed objects' types, without reading the others' rows. */
export function managedTypeNames(): string[] {
  return typeNames().filter((name) => rows[name]?.startsWith('M'));
}

/** The type of that name; `undefined` if there is none. Reads its row and its bases' at the first time. */
export function findType(name: string): VimType | undefined {
  const known = types.get(name);
  if (known) return known;
  if (!Object.hasOwn(rows, name)) return undefined;
  const row = readTypeRow(name, rows[name] ?? '');
  const base = row.base === undefined ? undefined : findType(row.base);
  const type: VimType = {
    ...row,
    line: [name, ...(base?.line ?? [])],
    allMembers: [...(base?.allMembers ?? []), ...row.members],
  };
  types.set(name, type);
  return type;
}

export function isSimpleType(name: string): name is SimpleType {
  return (simpleTypes as readonly string[]).includes(name);
}

/** What an `ArrayOf…` holds; `undefined` if it is none. */
export function itemOf(name: string): string | undefined {
  if (!name.startsWith('ArrayOf')) return undefined;
  const item = name.slice('ArrayOf'.length);
  if (item === 'ManagedObjectReference') return item;
  const simple = `${item.charAt(0).toLowerCase()}${item.slice(1)}`;
  if (isSimpleType(simple) && arrayName(simple) === name) return simple;
  const kind = findType(item)?.kind;
  return kind !== undefined && kind !== 'managed' ? item : undefined;
}

/** Whether anyType may hold a single value of that type, beside data objects, which say their own. */
export function isHeldByAny(name: string): boolean {
  if (name === 'anyType') return false;
  const isNamed = isSimpleType(name) || name === 'ManagedObjectReference';
  return isNamed || findType(name)?.kind === 'enum';
}

/** Whether `name` is `base` or extends it. */
export function extendsType(name: string, base: string): boolean {
  return findType(name)?.line.includes(base) ?? false;
}

/**
 * The method of a managed object of type `name`, its bases' included, as a client of that version knows it; `undefined`
 * if there is none.
 */
export function findMethod(
  name: string,
  method: string,
  version = newestVersion,
): Method | undefined {
  for (const one of findType(name)?.line ?? []) {
    const found = findType(one)?.methods.find((row) => row.name === method);
    if (found) return found.since <= version ? found : undefined;
  }
  return undefined;
}

/** The index of an API version such as `6.5`; `undefined` if the table has none of that name. */
export function findVersion(name: string): number | undefined {
  const index = apiVersions.indexOf(name);
  return index < 0 ? undefined : index;
}

import { TwinbankError } from '../../diagnostics/error.ts';

/** A managed object: on the wire `<x type="HostSystem">ha-host</x>`. */
export interface ObjectReference {
  readonly type: string;
  readonly id: string;
}

/** A data object or fault. `$type` is its own type, which may extend the declared one. Unset members are left out. */
export interface DataObject {
  readonly $type: string;
  readonly [member: string]: VimValue | readonly VimValue[] | undefined;
}

/**
 * What a value of declared type `anyType` is where it is no data object: `$type` is a simple type, an enumeration,
 * `ManagedObjectReference` or `ArrayOf…`, `value` what a member of that type would hold.
 */
export interface TypedValue {
  readonly $type: string;
  readonly value: VimValue | readonly VimValue[];
}

/**
 * By declared type: `long` bigint (safe integers may be numbers to be written); other numbers number; `dateTime` Date, to
 * the millisecond; `base64Binary` bytes; enumerations and all kinds of strings string.
 */
export type VimValue =
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | ObjectReference
  | DataObject
  | TypedValue;

export const integerRanges = {
  byte: [-(2n ** 7n), 2n ** 7n - 1n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/**
 * A value that the table does not allow, as one sentence: `RetrieveProperties.specSet[0].propSet[0].all: expected boolean,
 * found "maybe"`; `data` has place, expected and found.
 */
export function wrongValue(
  place: string,
  expected: string,
  found: string,
  code: 'vim.value' | 'vim.method' = 'vim.value',
): TwinbankError {
  const shown = found.length > 80 ? `${found.slice(0, 80)}…` : found;
  const printable = shown.replace(/[^ -~…]/gu, '?').replace('…', '...');
  const message = `${place}: expected ${expected}, found ${printable}`;
  return new TwinbankError('corrupt', code, message, {
    data: { place, expected, found: printable },
  });
}

/** `ArrayOfInt`, `ArrayOfHostSystem`; a managed object's is `ArrayOfManagedObjectReference`. */
export function arrayName(item: string): string {
  return `ArrayOf${item.charAt(0).toUpperCase()}${item.slice(1)}`;
}

/** Years of four digits: others have a sign, which clients do not read. */
export function isWireDate(value: Date): boolean {
  const year = value.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

/** A value in a sentence of {@link wrongValue}. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) {
    return '$type' in value ? String(value.$type) : (value.constructor?.name ?? 'an object');
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

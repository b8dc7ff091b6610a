import { escapeXml } from '../../diagnostics/xml-text.ts';
import type { Method, TypeUse } from './type-row.ts';
import {
  extendsType,
  findType,
  isHeldByAny,
  isSimpleType,
  itemOf,
  newestVersion,
  type VimType,
} from './type-table.ts';
import {
  type DataObject,
  describe,
  type ObjectReference,
  type VimValue,
  wrongValue,
} from './value.ts';
import { writeSimple } from './write-simple.ts';

/** What a value is written for. `typed`: each item of an array in anyType says its type, whatever was declared. */
interface Target {
  readonly tag: string;
  readonly type: string;
  readonly version: number;
  readonly place: string;
  readonly typed: boolean;
}

/**
 * A value as elements named `tag`: one, one an item, or none where it is unset. A client of an older `version` (an index
 * of `apiVersions`) gets neither members nor types that it does not know: of a type its nearest base. Throws
 * TwinbankError `vim.value` where the value is not what the table says.
 */
export function writeValue(
  tag: string,
  use: TypeUse,
  value: VimValue | readonly VimValue[] | undefined,
  version = newestVersion,
  place = tag,
): string {
  if (value === undefined) {
    if (use.optional) return '';
    throw wrongValue(place, use.array ? `${use.type}[]` : use.type, 'nothing');
  }
  const target = { tag, type: use.type, version, place, typed: false };
  if (!use.array) return writeOne(target, value as VimValue);
  if (!Array.isArray(value)) throw wrongValue(place, `${use.type}[]`, describe(value));
  return writeItems(target, value);
}

/** `<XResponse>` without white space, which libvirt refuses. */
export function writeResponse(
  method: Method,
  result: VimValue | readonly VimValue[] | undefined,
  version = newestVersion,
): string {
  const content =
    method.result.type === 'void'
      ? ''
      : writeValue('returnval', method.result, result, version, `${method.name}Response`);
  return `<${method.name}Response xmlns="urn:vim25">${content}</${method.name}Response>`;
}

/** A fault as the detail of a SOAP fault: `<InvalidLoginFault xmlns="urn:vim25" xsi:type="InvalidLogin">`. */
export function writeFaultDetail(fault: DataObject, version = newestVersion): string {
  if (findType(fault.$type)?.kind !== 'fault')
    throw wrongValue('fault', 'MethodFault', fault.$type);
  const type = knownTo(fault.$type, version, 'fault');
  const tag = `${type.name}Fault`;
  return `<${tag} xmlns="urn:vim25" xsi:type="${type.name}">${writeMembers(type, fault, version, type.name)}</${tag}>`;
}

function writeItems(target: Target, items: readonly VimValue[]): string {
  return items
    .map((item, at) => writeOne({ ...target, place: `${target.place}[${at}]` }, item))
    .join('');
}

function writeOne(target: Target, value: VimValue): string {
  const { tag, type, place, typed } = target;
  if (type === 'anyType') return writeAny(target, value);
  if (isSimpleType(type)) {
    return `<${tag}${typed ? ` xsi:type="xsd:${type}"` : ''}>${writeSimple(type, value, place)}</${tag}>`;
  }
  const row = findType(type);
  if (type === 'ManagedObjectReference' || row?.kind === 'managed')
    return writeReference(target, value);
  if (row?.kind === 'enum') {
    if (typeof value !== 'string' || !row.values.includes(value)) {
      throw wrongValue(place, `one of ${row.values.slice(0, 8).join(', ')}`, describe(value));
    }
    return `<${tag}${typed ? ` xsi:type="${type}"` : ''}>${value}</${tag}>`;
  }
  return writeData(target, value);
}

function writeReference({ tag, type, place, typed }: Target, value: VimValue): string {
  const { type: own, id } = value as ObjectReference;
  const base = type === 'ManagedObjectReference' ? 'ManagedObject' : type;
  if (typeof own !== 'string' || typeof id !== 'string' || !extendsType(own, base)) {
    throw wrongValue(place, `a reference to ${base}`, own ?? describe(value));
  }
  const said = typed ? ' xsi:type="ManagedObjectReference"' : '';
  return `<${tag} type="${own}"${said}>${escapeXml(id)}</${tag}>`;
}

function writeData({ tag, type, version, place, typed }: Target, value: VimValue): string {
  if (typeof value !== 'object' || !('$type' in value))
    throw wrongValue(place, type, describe(value));
  const data = value as DataObject;
  if (type !== 'DataObject' && !extendsType(data.$type, type))
    throw wrongValue(place, type, data.$type);
  const own = knownTo(data.$type, version, place);
  const said = typed || own.name !== type ? ` xsi:type="${own.name}"` : '';
  return `<${tag}${said}>${writeMembers(own, data, version, place)}</${tag}>`;
}

/** The type, or its nearest base that a client of that version knows. */
function knownTo(name: string, version: number, place: string): VimType {
  for (const one of findType(name)?.line ?? []) {
    const type = findType(one);
    if (type && type.since <= version) return type;
  }
  throw wrongValue(place, 'a data object of this version', name);
}

function writeMembers(type: VimType, data: DataObject, version: number, place: string): string {
  // A name that the type does not have would be lost silently; that of a type too new for the client may be.
  const all = findType(data.$type)?.allMembers ?? [];
  for (const name of Object.keys(data)) {
    if (name !== '$type' && !all.some((one) => one.name === name)) {
      throw wrongValue(place, `a member of ${data.$type}`, name);
    }
  }
  return type.allMembers
    .filter(({ since }) => since <= version)
    .map((one) => writeValue(one.name, one, data[one.name], version, `${place}.${one.name}`))
    .join('');
}

function writeAny(target: Target, value: VimValue): string {
  const { tag, place } = target;
  if (typeof value !== 'object' || !('$type' in value)) {
    throw wrongValue(place, 'anyType with $type', describe(value));
  }
  const { $type } = value;
  const kind = findType($type)?.kind;
  if (kind === 'data' || kind === 'fault')
    return writeOne({ ...target, type: $type, typed: true }, value);
  const inner = (value as { value: VimValue | readonly VimValue[] }).value;
  const item = itemOf($type);
  if (item !== undefined) {
    if (!Array.isArray(inner)) throw wrongValue(place, $type, describe(inner));
    const items = writeItems({ ...target, tag: item, type: item, typed: true }, inner);
    return `<${tag} xsi:type="${$type}">${items}</${tag}>`;
  }
  if (!isHeldByAny($type)) throw wrongValue(place, 'a type that anyType holds', $type);
  return writeOne({ ...target, type: $type, typed: true }, inner as VimValue);
}

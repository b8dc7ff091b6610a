import { xsiNamespace } from '../../protocol/soap.ts';
import { type XmlElement, xmlAttribute } from '../../protocol/xml.ts';
import { readSimple } from './read-simple.ts';
import type { TypeUse } from './type-row.ts';
import {
  extendsType,
  findType,
  isHeldByAny,
  isSimpleType,
  itemOf,
  type VimType,
} from './type-table.ts';
import { type DataObject, type ObjectReference, type VimValue, wrongValue } from './value.ts';

/**
 * The value of elements that stand for one member, parameter or result; `undefined` if there are none and it is optional
 * (`xsi:nil` is none). Names count, prefixes and name spaces do not. Throws TwinbankError `vim.value` with the place where
 * they are not what the table says.
 */
export function readValue(
  elements: readonly XmlElement[],
  use: TypeUse,
  place: string,
): VimValue | VimValue[] | undefined {
  const present = elements.filter((one) => !isNil(one));
  const [first] = present;
  const shown = use.array ? `${use.type}[]` : use.type;
  if (!first) {
    if (use.optional) return undefined;
    throw wrongValue(place, shown, 'nothing');
  }
  if (use.array) return present.map((one, at) => readOne(one, use.type, `${place}[${at}]`));
  if (present.length > 1) throw wrongValue(place, `one ${shown}`, `${present.length}`);
  return readOne(first, use.type, place);
}

function isNil(element: XmlElement): boolean {
  return ['true', '1'].includes(xmlAttribute(element, 'nil', xsiNamespace) ?? '');
}

/** Its `xsi:type` without the prefix. */
function saidType(element: XmlElement): string | undefined {
  return xmlAttribute(element, 'type', xsiNamespace)
    ?.trim()
    .replace(/^[^:]*:/, '');
}

function readOne(element: XmlElement, type: string, place: string): VimValue {
  const said = saidType(element);
  if (type === 'anyType') return readAny(element, said, place);
  const row = findType(type);
  if (isSimpleType(type) || row?.kind === 'enum') {
    // Some clients say `xsd:long` for an int; what was declared decides.
    const text = ownText(element, place);
    return row ? readEnum(row, text.trim(), place) : readSimple(type as 'string', text, place);
  }
  if (type === 'ManagedObjectReference' || row?.kind === 'managed') {
    return readReference(element, type, place);
  }
  const own = said ?? type;
  const data = findType(own);
  const fits = type === 'DataObject' || extendsType(own, type);
  if (!data || !fits || !['data', 'fault'].includes(data.kind)) throw wrongValue(place, type, own);
  return readData(element, data, place);
}

function ownText(element: XmlElement, place: string): string {
  const [child] = element.children;
  if (child) throw wrongValue(place, 'text', `<${child.name}>`);
  return element.text;
}

function readEnum({ values }: VimType, word: string, place: string): string {
  if (values.includes(word)) return word;
  const shown = `one of ${values.slice(0, 8).join(', ')}${values.length > 8 ? ', ...' : ''}`;
  throw wrongValue(place, shown, JSON.stringify(word));
}

function readReference(element: XmlElement, declared: string, place: string): ObjectReference {
  const base = declared === 'ManagedObjectReference' ? 'ManagedObject' : declared;
  const type = xmlAttribute(element, 'type')?.replace(/^[^:]*:/, '') ?? base;
  if (!extendsType(type, base)) throw wrongValue(place, `a reference to ${base}`, type);
  const id = ownText(element, place).trim();
  if (id === '') throw wrongValue(place, `the id of a ${type}`, 'nothing');
  return { type, id };
}

function readData(element: XmlElement, type: VimType, place: string): DataObject {
  if (element.text.trim() !== '') {
    throw wrongValue(place, `members of ${type.name}`, JSON.stringify(element.text.trim()));
  }
  const byName = new Map<string, XmlElement[]>();
  for (const child of element.children) {
    const same = byName.get(child.name);
    if (same) same.push(child);
    else byName.set(child.name, [child]);
  }
  const data: Record<string, VimValue | VimValue[]> = { $type: type.name };
  for (const member of type.allMembers) {
    const { name } = member;
    const value = readValue(byName.get(name) ?? [], member, `${place}.${name}`);
    byName.delete(name);
    if (value !== undefined) data[name] = value;
  }
  for (const name of byName.keys()) throw wrongValue(place, `a member of ${type.name}`, name);
  return data as DataObject;
}

function readAny(element: XmlElement, said: string | undefined, place: string): VimValue {
  if (said === undefined) throw wrongValue(place, 'xsi:type', 'none');
  const row = findType(said);
  if (row?.kind === 'data' || row?.kind === 'fault') return readData(element, row, place);
  const item = itemOf(said);
  if (item !== undefined) {
    const value = element.children.map((one, at) => readOne(one, item, `${place}[${at}]`));
    return { $type: said, value };
  }
  if (!isHeldByAny(said)) throw wrongValue(place, 'a type that anyType holds', said);
  return { $type: said, value: readOne(element, said, place) };
}

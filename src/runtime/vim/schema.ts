import { xsdNamespace } from '../../protocol/soap.ts';
import type { Member, Method, TypeUse } from './type-row.ts';
import { findType, isSimpleType, managedTypeNames, simpleTypes, typeNames } from './type-table.ts';
import { arrayName } from './value.ts';

const target = 'xmlns:vim25="urn:vim25" targetNamespace="urn:vim25" elementFormDefault="qualified"';

/** All methods, sorted by name; names are unique over all types. */
export function allMethods(): Method[] {
  return managedTypeNames()
    .flatMap((name) => findType(name)?.methods ?? [])
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The XML Schema of all data: `vim-types.xsd`. */
export function typesSchema(): string {
  const data = typeNames().filter((name) => findType(name)?.kind !== 'managed');
  const arrays = [...simpleTypes, 'ManagedObjectReference', ...data];
  return schema('', [
    '<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string"><attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>',
    '<complexType name="DataObject"><sequence/></complexType>',
    ...data.map(typeDefinition),
    ...arrays.map(arrayDefinition),
  ]);
}

/** The elements of calls and answers: `vim-messagetypes.xsd`. */
export function messagesSchema(): string {
  const include = '<include schemaLocation="vim-types.xsd"/>';
  return schema(
    include,
    allMethods().map(({ name, parameters, result }) => {
      const self = '<element name="_this" type="vim25:ManagedObjectReference"/>';
      const answer = result.type === 'void' ? '' : elementOf('returnval', result);
      return [
        `<complexType name="${name}RequestType"><sequence>${self}${parameters.map(memberElement).join('')}</sequence></complexType>`,
        `<element name="${name}" type="vim25:${name}RequestType"/>`,
        `<element name="${name}Response"><complexType><sequence>${answer}</sequence></complexType></element>`,
      ].join('\n');
    }),
  );
}

function schema(head: string, parts: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<schema xmlns="${xsdNamespace}" xmlns:xsd="${xsdNamespace}" ${target}>\n${[head, ...parts].filter(Boolean).join('\n')}\n</schema>\n`;
}

function typeDefinition(name: string): string {
  const { kind, base, members, values } = findType(name) ?? {};
  if (kind === 'enum') {
    const all = (values ?? []).map((value) => `<enumeration value="${value}"/>`).join('');
    return `<simpleType name="${name}"><restriction base="xsd:string">${all}</restriction></simpleType>`;
  }
  const sequence = `<sequence>${(members ?? []).map(memberElement).join('')}</sequence>`;
  const content =
    base === undefined
      ? sequence
      : `<complexContent><extension base="vim25:${base}">${sequence}</extension></complexContent>`;
  return `<complexType name="${name}">${content}</complexType>`;
}

function arrayDefinition(item: string): string {
  const element = elementOf(item, { type: item, array: true, optional: true });
  return `<complexType name="${arrayName(item)}"><sequence>${element}</sequence></complexType>`;
}

function memberElement(member: Member): string {
  return elementOf(member.name, member);
}

function elementOf(name: string, { type, array, optional }: TypeUse): string {
  const least = optional ? ' minOccurs="0"' : '';
  const most = array ? ' maxOccurs="unbounded"' : '';
  return `<element name="${name}" type="${schemaName(type)}"${least}${most}/>`;
}

function schemaName(type: string): string {
  if (isSimpleType(type)) return `xsd:${type}`;
  return findType(type)?.kind === 'managed' ? 'vim25:ManagedObjectReference' : `vim25:${type}`;
}

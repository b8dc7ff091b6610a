import type { TypeUse } from '../../../../src/runtime/vim/type-row.ts';
import { findType, isSimpleType, typeNames } from '../../../../src/runtime/vim/type-table.ts';
import { arrayName, type DataObject, type VimValue } from '../../../../src/runtime/vim/value.ts';
import type { Random } from '../../../fuzz/random.ts';

/** Texts that escaping, UTF-8 and white space could spoil. A carriage return pyVmomi itself loses. */
const texts = [
  '',
  'a',
  '<&>"\'',
  ' two  spaces ',
  'ä€😀',
  ']]>',
  'line\nline\ttab',
  '&amp;',
  '\u00a0',
];
const longs = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n];

/** Members of strings that pyVmomi takes for names: `Type.member` to what it must be. */
export type NamedStrings = Readonly<Record<string, string>>;

const concrete = typeNames().filter((name) => findType(name)?.kind === 'data');
/** What pyVmomi has another form of in memory: it cannot write it back as it was. */
const others = ['DynamicData', 'DynamicProperty', 'DynamicArray', 'LocalizedMethodFault'];
export const dataTypes = concrete.filter((name) => !others.includes(name));

export function randomData(
  name: string,
  random: Random,
  named: NamedStrings,
  depth = 0,
): DataObject {
  const data: Record<string, VimValue | VimValue[]> = { $type: name };
  for (const member of findType(name)!.allMembers) {
    if (member.name.startsWith('dynamic')) continue;
    if (member.optional && (depth > 2 || random.once(2))) continue;
    const fixed = findType(name)!
      .line.map((one) => named[`${one}.${member.name}`])
      .find(Boolean);
    data[member.name] = fixed
      ? member.array
        ? [fixed]
        : fixed
      : randomMember(member, random, named, depth + 1);
  }
  return data as DataObject;
}

function randomMember(
  use: TypeUse,
  random: Random,
  named: NamedStrings,
  depth: number,
): VimValue | VimValue[] {
  if (!use.array) return randomOne(use.type, random, named, depth);
  const length = depth > 2 ? 1 : 1 + random.below(3);
  return Array.from({ length }, () =>
    // An array in an array of anyType pyVmomi takes for more of its items.
    use.type === 'anyType'
      ? { $type: 'string', value: random.pick(texts) }
      : randomOne(use.type, random, named, depth),
  );
}

function randomOne(type: string, random: Random, named: NamedStrings, depth: number): VimValue {
  switch (type) {
    case 'boolean':
      return random.once(2);
    case 'byte':
      return random.pick([-128, 0, 127]);
    case 'short':
      return random.pick([-32768, 0, 32767]);
    case 'int':
      return random.pick([-2147483648, -2147483647, 0, 1, 2147483647]);
    case 'long':
      return random.pick(longs);
    case 'float':
    case 'double':
      return random.pick([0, -1.5, 1e100, 1e-7]);
    case 'dateTime':
      return new Date(random.below(2 ** 31) * 1000 + random.below(1000));
    case 'base64Binary':
      return new Uint8Array(random.bytes(random.below(5)));
    case 'anyType':
      return randomAny(random, named, depth);
    case 'ManagedObject':
      return { type: 'HostSystem', id: 'ha-host' };
    default:
  }
  if (isSimpleType(type)) return random.pick(texts);
  const row = findType(type)!;
  if (row.kind === 'enum') return random.pick(row.values);
  if (row.kind === 'managed') return { type, id: random.pick(['1', 'ha-host']) };
  if (type === 'LocalizedMethodFault') {
    const fault = { $type: random.pick(['InvalidLogin', 'NotSupported', 'VimFault']) };
    return { $type: type, fault, localizedMessage: random.pick(texts.slice(1)) };
  }
  // Half of them something that extends what was declared.
  const heirs = dataTypes.filter((name) => findType(name)!.line.includes(type));
  const own =
    random.once(2) && row.kind === 'data' ? type : random.pick(heirs.length ? heirs : [type]);
  return randomData(own, random, named, depth);
}

function randomAny(random: Random, named: NamedStrings, depth: number): VimValue {
  const simple = [
    'boolean',
    'byte',
    'short',
    'int',
    'long',
    'double',
    'string',
    'dateTime',
    'base64Binary',
  ];
  const type = random.pick([...simple, 'VirtualMachinePowerState', 'Description']);
  if (random.once(3)) {
    const value = [0, 1].map(() => randomOne(type, random, named, depth));
    return { $type: arrayName(type), value };
  }
  if (random.once(4)) {
    const value = [
      { type: 'VirtualMachine', id: '1' },
      { type: 'HostSystem', id: 'ha-host' },
    ];
    return { $type: 'ArrayOfManagedObjectReference', value };
  }
  if (type === 'Description') return randomOne(type, random, named, depth);
  return { $type: type, value: randomOne(type, random, named, depth) };
}

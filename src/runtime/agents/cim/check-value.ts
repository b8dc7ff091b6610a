import type { FullClass } from './class-tree.ts';
import type { CimElement, CimInstance, CimType, CimValue } from './provider.ts';

const integerRanges: Partial<Record<CimType, readonly [number, number]>> = {
  uint8: [0, 2 ** 8 - 1],
  uint16: [0, 2 ** 16 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  sint8: [-(2 ** 7), 2 ** 7 - 1],
  sint16: [-(2 ** 15), 2 ** 15 - 1],
  sint32: [-(2 ** 31), 2 ** 31 - 1],
  sint64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

const datetime = /^(\d{14}\.\d{6}[+-]\d{3}|\d{14}\.\d{6}:000)$/;
const longestText = 4096;

/**
 * What is wrong with an instance of a class, or undefined: a property that the class has not, a value of another
 * type or outside its ValueMap, a key or a required property without a value.
 */
export function instanceProblem(one: FullClass, instance: CimInstance): string | undefined {
  for (const [name, value] of Object.entries(instance)) {
    const property = Object.hasOwn(one.properties, name) ? one.properties[name] : undefined;
    if (!property) return `${one.name} has no property ${name}`;
    const problem = valueProblem(property, value);
    if (problem !== undefined) return `${one.name}.${name}: ${problem}`;
  }
  for (const [name, { key, required }] of Object.entries(one.properties)) {
    if ((key || required) && (instance[name] ?? null) === null) {
      return `${one.name}.${name}: expected a value, as it is ${key ? 'a key' : 'required'}, found none`;
    }
  }
  return undefined;
}

/** What is wrong with a value as one of this element, or undefined. */
export function valueProblem(element: CimElement, value: CimValue): string | undefined {
  if (value === null) return undefined;
  const { type, array = false, values, maxLen = longestText } = element;
  if (Array.isArray(value) !== array) {
    return `expected ${array ? 'an array of ' : ''}${type}, found ${shown(value)}`;
  }
  for (const one of (array ? value : [value]) as unknown[]) {
    if (!isOfType(type, one)) return `expected ${type}, found ${shown(one)}`;
    if (typeof one === 'string' && one.length > maxLen) {
      return `expected at most ${maxLen} characters, found ${one.length}`;
    }
    if (values && !Object.hasOwn(values, String(one))) {
      return `expected one of ${Object.keys(values).join(', ')}, found ${shown(one)}`;
    }
  }
  return undefined;
}

function isOfType(type: CimType, value: unknown): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string' || type === 'reference') return typeof value === 'string';
  if (type === 'datetime') return typeof value === 'string' && datetime.test(value);
  if (typeof value !== 'number') return false;
  const range = integerRanges[type];
  if (!range) return Number.isFinite(value);
  return Number.isSafeInteger(value) && value >= range[0] && value <= range[1];
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

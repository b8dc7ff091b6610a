import { describe, expect, test } from 'vitest';
import {
  instanceProblem,
  valueProblem,
} from '../../../../../src/runtime/agents/cim/check-value.ts';
import { classTree } from '../../../../../src/runtime/agents/cim/class-tree.ts';
import {
  objectPathText,
  parseObjectPath,
} from '../../../../../src/runtime/agents/cim/object-path.ts';
import { type CimProvider, cimDatetime } from '../../../../../src/runtime/agents/cim/provider.ts';
import { providerProblems } from '../../../../../src/runtime/agents/cim/provider-description.ts';
import { standardClasses } from '../../../../../src/runtime/agents/cim/standard-classes.ts';

describe('object paths', () => {
  test.each([
    { DeviceID: '1' },
    { DeviceID: 'a "b" \\ c, d=e', Number: -5, Yes: true },
    { Text: 'root/cimv2:X.Y="Z"' },
  ])('%j comes back as it was', (keys) => {
    const path = { className: 'Acme_Fan', keys };
    expect(parseObjectPath(objectPathText(path))).toEqual(path);
  });

  test('are in the form of DSP0207, keys by name', () => {
    expect(objectPathText({ className: 'Acme_Fan', keys: { B: '2', A: 1 } })).toBe(
      'root/cimv2:Acme_Fan.A=1,B="2"',
    );
    expect(parseObjectPath('Acme_Fan.A=true').keys).toEqual({ A: true });
  });

  test.each([
    '',
    'Acme_Fan',
    'Acme_Fan.',
    'Acme_Fan.A',
    'Acme_Fan.A="',
    'Acme_Fan.A=1,',
    'Acme_Fan.A=1,A=2',
    'Acme_Fan.A=1B=2',
    'Acme_Fan.A=1e5',
  ])('%j is none', (text) => {
    expect(() => parseObjectPath(text)).toThrow('expected an object path such as');
  });

  test('another namespace is refused by its status', () => {
    expect(() => parseObjectPath('root/other:A.B=1')).toThrow(
      expect.objectContaining({ status: 'invalid-namespace' }),
    );
  });
});

describe('values', () => {
  test.each([
    ['uint8', 255, 256],
    ['sint16', -32768, -32769],
    ['uint64', 2 ** 53 - 1, 2 ** 53],
    ['uint32', 1, 1.5],
    ['real32', 1.5, Number.NaN],
    ['boolean', true, 'true'],
    ['string', 'x', 1],
    ['datetime', cimDatetime(new Date(0)), '1970-01-01'],
  ] as const)('%s takes %j and not %j', (type, right, wrong) => {
    expect(valueProblem({ type }, right)).toBeUndefined();
    expect(valueProblem({ type }, wrong)).toContain(`expected ${type}`);
    expect(valueProblem({ type, array: true }, [right, right])).toBeUndefined();
    expect(valueProblem({ type, array: true }, right)).toContain(`expected an array of ${type}`);
    expect(valueProblem({ type }, null)).toBeUndefined();
  });

  test('a value outside the ValueMap is refused', () => {
    const element = { type: 'uint16', values: { 1: 'One', 5: 'Five' } } as const;
    expect(valueProblem(element, 5)).toBeUndefined();
    expect(valueProblem(element, 2)).toBe('expected one of 1, 5, found 2');
  });

  test('a datetime is UTC with microseconds', () => {
    expect(cimDatetime(new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 7)))).toBe(
      '20260203040506.007000+000',
    );
  });

  test('an instance has the keys of its class and no property of another', () => {
    const fan = classTree(standardClasses).find('cim_fan');
    const keys = { SystemCreationClassName: 'S', SystemName: 'n', CreationClassName: 'C' };
    expect(instanceProblem(fan, { ...keys, DeviceID: '1', ActiveCooling: true })).toBeUndefined();
    expect(instanceProblem(fan, keys)).toBe(
      'CIM_Fan.DeviceID: expected a value, as it is a key, found none',
    );
    expect(instanceProblem(fan, { ...keys, DeviceID: '1', toString: 'x' })).toBe(
      'CIM_Fan has no property toString',
    );
  });
});

describe('classes', () => {
  test('those of the standard have superclasses up to CIM_ManagedElement or CIM_Indication', () => {
    const tree = classTree(standardClasses);
    const tops = tree.names.filter((name) => tree.find(name).above.length === 0);
    expect(tops).toEqual(['CIM_Indication', 'CIM_ManagedElement']);
    expect(tree.find('CIM_NumericSensor').above).toEqual([
      ...['CIM_Sensor', 'CIM_LogicalDevice', 'CIM_EnabledLogicalElement', 'CIM_LogicalElement'],
      ...['CIM_ManagedSystemElement', 'CIM_ManagedElement'],
    ]);
  });

  const fan = {
    name: 'Acme_Fan',
    superclass: 'CIM_Fan',
    description: 'A fan',
    properties: {},
    enumerate: () => [],
  };
  const wrong: [string, unknown, string][] = [
    ['no classes', {}, 'provider: expected classes, at least one, found none'],
    [
      'a name of the DMTF',
      { ...fan, name: 'CIM_Fan' },
      "that is the vendor's, not cim, prs, twinbank, found cim",
    ],
    ['a name of the base', { ...fan, name: 'twinbank_Fan' }, 'found twinbank'],
    ['a name without a schema', { ...fan, name: 'Fan' }, 'Fan: expected VENDOR_Name'],
    [
      'an unknown superclass',
      { ...fan, superclass: 'CIM_Fin' },
      'expected a superclass that there is, found "CIM_Fin"',
    ],
    ['itself above', { ...fan, superclass: 'Acme_Fan' }, 'Acme_Fan: is above itself'],
    [
      'no superclass',
      { ...fan, superclass: undefined },
      'Acme_Fan: expected a superclass, found none',
    ],
    [
      'no enumerate',
      { ...fan, enumerate: undefined },
      'Acme_Fan: expected a function enumerate, found none',
    ],
    [
      'no key',
      { ...fan, superclass: 'CIM_ManagedElement' },
      'expected a key, its own or an inherited one',
    ],
    [
      'an indication with instances',
      { ...fan, superclass: 'CIM_AlertIndication' },
      'expected an indication without enumerate',
    ],
    [
      'a property with another name',
      { ...fan, properties: { 'a b': { type: 'string' } } },
      'Acme_Fan.a b: expected a name',
    ],
  ];
  test.each(wrong)('%s is told', (_what, one, message) => {
    const classes = Object.keys(one as object).length === 0 ? [] : [one];
    const problems = providerProblems({ classes } as unknown as CimProvider, false);
    expect(problems.join('\n')).toContain(message);
  });

  test('two vendors or one class twice are told; a right one has no problem', () => {
    const problems = (...classes: object[]) =>
      providerProblems({ classes } as unknown as CimProvider, false);
    expect(problems(fan)).toEqual([]);
    expect(problems(fan, { ...fan, name: 'ACME_FAN' })).toEqual([
      'ACME_FAN: expected it once, found it again',
    ]);
    expect(problems(fan, { ...fan, name: 'Other_Fan' })).toEqual([
      'classes: expected one schema before the "_" of all, found acme, other',
    ]);
  });
});

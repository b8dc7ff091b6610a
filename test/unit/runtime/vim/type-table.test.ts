import { describe, expect, it } from 'vitest';
import { readTypeRow } from '../../../../src/runtime/vim/type-row.ts';
import {
  apiVersions,
  extendsType,
  findMethod,
  findType,
  findVersion,
  isSimpleType,
  typeNames,
} from '../../../../src/runtime/vim/type-table.ts';

describe("the VI API's type table", () => {
  it('N: names in each row only types that it has, and in each method only faults', () => {
    const known = (name: string): boolean =>
      isSimpleType(name) ||
      name === 'void' ||
      name === 'DataObject' ||
      findType(name) !== undefined;
    const broken = typeNames().flatMap((name) => {
      const { base, allMembers, methods } = findType(name)!;
      const used = [
        ...(base === undefined ? [] : [base]),
        ...allMembers.map(({ type }) => type),
        ...methods.flatMap((one) => [
          ...one.parameters.map(({ type }) => type),
          one.result.type,
          ...(one.taskResult ? [one.taskResult.type] : []),
        ]),
      ];
      const faults = methods.flatMap((one) => one.faults);
      return [
        ...used.filter((one) => !known(one)).map((one) => `${name}: ${one}`),
        ...faults.filter((one) => findType(one)?.kind !== 'fault').map((one) => `${name}^${one}`),
      ];
    });
    expect(broken).toEqual([]);
    expect(typeNames().length).toBeGreaterThan(3000);
  });

  it('N: gives a member no version before its type, and none after the newest', () => {
    const broken = typeNames().flatMap((name) => {
      const { since, members } = findType(name)!;
      return members
        .filter((one) => one.since < since || one.since >= apiVersions.length)
        .map((one) => `${name}.${one.name}`);
    });
    expect(broken).toEqual([]);
  });

  it('N: lists the members of the bases first', () => {
    const names = findType('VirtualDisk')!.allMembers.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(['dynamicType', 'dynamicProperty', 'key', 'deviceInfo']);
    expect(names.indexOf('unitNumber')).toBeLessThan(names.indexOf('capacityInKB'));
  });

  it('N: has the exact integer types, links as keys and faults as what carries them', () => {
    const typeOf = (type: string, member: string): string =>
      findType(type)!.allMembers.find(({ name }) => name === member)!.type;
    expect(typeOf('HostCpuInfo', 'hz')).toBe('long');
    expect(typeOf('HostCpuInfo', 'numCpuCores')).toBe('short');
    expect(typeOf('VirtualHardware', 'memoryMB')).toBe('int');
    expect(typeOf('HostMultipathInfoLogicalUnit', 'lun')).toBe('string');
    expect(typeOf('TaskInfo', 'error')).toBe('LocalizedMethodFault');
    expect(typeOf('LocalizedMethodFault', 'fault')).toBe('MethodFault');
  });

  it('N: finds a method on the type that inherits it, for the versions that have it', () => {
    expect(findMethod('VirtualMachine', 'Destroy_Task')?.result.type).toBe('Task');
    expect(findMethod('VirtualMachine', 'PowerOnVM_Task')).toMatchObject({
      privilege: 'VirtualMachine.Interact.PowerOn',
      taskResult: { type: 'void' },
    });
    expect(findMethod('PropertyCollector', 'RetrievePropertiesEx', findVersion('2.5'))).toBe(
      undefined,
    );
    expect(
      findMethod('PropertyCollector', 'RetrievePropertiesEx', findVersion('6.5')),
    ).toBeDefined();
    expect(findMethod('PropertyCollector', 'constructor')).toBe(undefined);
  });

  it('N: knows neither what every object of JavaScript has, nor what came after 6.5', () => {
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      expect(findType(name)).toBe(undefined);
    }
    expect(apiVersions.at(-1)).toBe('6.5');
    expect(extendsType('InvalidLogin', 'MethodFault')).toBe(true);
    expect(extendsType('Nothing', 'MethodFault')).toBe(false);
  });

  it('refuses a row that the script does not write', () => {
    expect(() => readTypeRow('X', 'Z0:')).toThrow(
      'types.json: X: expected a row as scripts/vim-types.py writes it, found Z0:',
    );
    expect(() => readTypeRow('X', 'D0:DynamicData a=b')).toThrow('found a=b');
  });
});

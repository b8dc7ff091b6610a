import { describe, expect, it } from 'vitest';
import { readEnvelope, writeEnvelope, writeFault } from '../../../../src/protocol/soap.ts';
import { readCall } from '../../../../src/runtime/vim/read-call.ts';
import { findMethod, findVersion } from '../../../../src/runtime/vim/type-table.ts';
import type { VimValue } from '../../../../src/runtime/vim/value.ts';
import {
  writeFaultDetail,
  writeResponse,
  writeValue,
} from '../../../../src/runtime/vim/write-value.ts';

const any = (value: VimValue): string =>
  writeValue('val', { type: 'anyType', array: false, optional: false }, value);
const data = (type: string, value: VimValue, version?: number): string =>
  writeValue('x', { type, array: false, optional: false }, value, version);
const call = (xml: string) => readCall(readEnvelope(Buffer.from(writeEnvelope(xml))));

describe('a value that is written', () => {
  it('N: says the type of everything in anyType, items of arrays, too', () => {
    expect(any({ $type: 'long', value: 5n })).toBe('<val xsi:type="xsd:long">5</val>');
    const hosts = [{ type: 'HostSystem', id: 'ha-host' }];
    expect(any({ $type: 'ArrayOfManagedObjectReference', value: hosts })).toBe(
      '<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="HostSystem" xsi:type="ManagedObjectReference">ha-host</ManagedObjectReference></val>',
    );
    expect(any({ $type: 'VirtualMachinePowerState', value: 'poweredOn' })).toBe(
      '<val xsi:type="VirtualMachinePowerState">poweredOn</val>',
    );
  });

  it('N: says its type in a member only where the declared one is a base', () => {
    const description = { $type: 'Description', label: 'a', summary: '<b>' };
    expect(data('Description', description)).toBe(
      '<x><label>a</label><summary>&lt;b&gt;</summary></x>',
    );
    expect(data('DynamicData', description)).toContain('<x xsi:type="Description">');
  });

  it('N: gives an older client neither a member nor a type that it does not know', () => {
    const info = {
      $type: 'VirtualDisk',
      key: 1,
      capacityInKB: 4n,
      capacityInBytes: 4096n,
    };
    expect(data('VirtualDisk', info, findVersion('5.1'))).not.toContain('capacityInBytes');
    expect(data('VirtualDisk', info)).toContain('<capacityInBytes>4096</capacityInBytes>');
  });

  it('N: replaces what XML 1.0 cannot say, and keeps a carriage return', () => {
    expect(any({ $type: 'string', value: 'a\u0001\ud800\rb' })).toBe(
      '<val xsi:type="xsd:string">a\ufffd\ufffd&#13;b</val>',
    );
  });

  it.each<[string, VimValue, string]>([
    ['int', 2 ** 31, 'x: expected int (-2147483648 to 2147483647), found 2147483648'],
    [
      'Description',
      { $type: 'Description', label: 'a' },
      'x.summary: expected string, found nothing',
    ],
    [
      'HostSystem',
      { type: 'Folder', id: 'f' },
      'x: expected a reference to HostSystem, found Folder',
    ],
    ['Description', { $type: 'Nothing' }, 'x: expected Description, found Nothing'],
  ])('N: refuses a wrong %s and says where', (type, value, message) => {
    expect(() => data(type, value)).toThrow(message);
  });

  it('N: puts results and faults into elements as clients expect them', () => {
    const method = findMethod('PropertyCollector', 'RetrievePropertiesEx')!;
    expect(writeResponse(method, undefined)).toBe(
      '<RetrievePropertiesExResponse xmlns="urn:vim25"></RetrievePropertiesExResponse>',
    );
    const detail = writeFaultDetail({ $type: 'InvalidLogin' });
    expect(writeFault('Cannot log in.', detail)).toContain(
      '<faultcode>ServerFaultCode</faultcode><faultstring>Cannot log in.</faultstring><detail><InvalidLoginFault xmlns="urn:vim25" xsi:type="InvalidLogin"></InvalidLoginFault></detail>',
    );
  });
});

describe('a call that is read', () => {
  it('N: is found by local name, whatever the prefix, and without the type of _this', () => {
    const { method, self, parameters } = call(
      '<v:Login xmlns:v="urn:other"><v:_this>ha-sessionmgr</v:_this><v:userName>root</v:userName><v:password/></v:Login>',
    );
    expect(method.name).toBe('Login');
    expect(self).toEqual({ type: 'SessionManager', id: 'ha-sessionmgr' });
    expect(parameters).toEqual({ userName: 'root', password: '', locale: undefined });
  });

  it.each([
    ['<Nothing/>', 'Body: expected a method of the API, found Nothing'],
    ['<CurrentTime/>', 'CurrentTime._this: expected one object, found nothing'],
    [
      '<CurrentTime><_this>a</_this><b/></CurrentTime>',
      'CurrentTime: expected a parameter of it, found b',
    ],
    [
      '<CurrentTime><_this type="Nobody">a</_this></CurrentTime>',
      'CurrentTime._this: expected a reference to ManagedObject, found Nobody',
    ],
    [
      '<Login><_this>a</_this><userName>u</userName></Login>',
      'Login.password: expected string, found nothing',
    ],
    [
      '<CreateFilter><_this>p</_this><spec><propSet><type>Task</type><all>maybe</all></propSet></spec></CreateFilter>',
      'CreateFilter.spec.propSet[0].all: expected boolean, found "maybe"',
    ],
    [
      '<CreateFilter><_this>p</_this><spec xsi:type="Task"/></CreateFilter>',
      'CreateFilter.spec: expected PropertyFilterSpec, found Task',
    ],
  ])('N: refuses %s and says where', (xml, message) => {
    expect(() => call(xml)).toThrow(message);
  });
});

describe('a document', () => {
  const read = (text: string) => readEnvelope(Buffer.from(text));
  it.each([
    ['<!DOCTYPE a [<!ENTITY b "c">]><a/>', 'expected no document type, found one'],
    ['<a>&b;</a>', 'undefined entity'],
    [`${'<a>'.repeat(100)}`, 'expected at most 64 levels, found 65 or more'],
    [`<a>${'<b/>'.repeat(60_000)}</a>`, 'expected at most 50000 elements'],
    [
      `<a ${Array.from({ length: 40 }, (_, at) => `a${at}=""`).join(' ')}/>`,
      'at most 32 attributes',
    ],
    [`<a>${'b'.repeat(2 ** 20 + 1)}</a>`, 'expected at most 1048576 characters of text'],
    [' '.repeat(2 ** 22 + 1), 'expected at most 4194304 bytes'],
    ['<a/>', 'expected Envelope, found a'],
    ['<Envelope/>', 'expected one Body, found nothing'],
  ])('N: is refused: %.30s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('N: is refused where it is not UTF-8', () => {
    expect(() => readEnvelope(Uint8Array.of(0x3c, 0x61, 0xff))).toThrow('expected UTF-8');
  });
});

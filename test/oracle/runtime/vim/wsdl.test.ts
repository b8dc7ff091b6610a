import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnvelope } from '../../../../src/protocol/soap.ts';
import { readCall } from '../../../../src/runtime/vim/read-call.ts';
import { wsdlFiles } from '../../../../src/runtime/vim/wsdl.ts';
import { judge } from '../../components/foreign-tool.ts';
import { judgedByPython } from './vim-python.ts';

/** Builds a request by the WSDL alone and prints its envelope; nothing is sent. */
const zeep = `
import sys, zeep
from lxml import etree
client = zeep.Client(sys.argv[1])
make = client.type_factory('urn:vim25')
self = make.ManagedObjectReference('ha-property-collector', type='PropertyCollector')
folder = make.ManagedObjectReference('ha-folder-root', type='Folder')
walk = make.TraversalSpec(name='t', type='Folder', path='childEntity', skip=False, selectSet=[make.SelectionSpec(name='t')])
spec = make.PropertyFilterSpec(
    propSet=[make.PropertySpec(type='HostSystem', all=False, pathSet=['name'])],
    objectSet=[make.ObjectSpec(obj=folder, skip=False, selectSet=[walk])])
message = client.create_message(client.service, 'RetrievePropertiesEx', _this=self, specSet=[spec], options=make.RetrieveOptions(maxObjects=10))
print(etree.tostring(message).decode())
`;
const suds = `
import sys, suds.client, suds.cache
client = suds.client.Client('file://' + sys.argv[1], cache=suds.cache.NoCache(), nosend=True)
make = client.factory.create
def reference(kind, key):
    one = suds.sudsobject.Property(key)
    one._type = kind
    return one
walk = make('ns0:TraversalSpec')
walk.name, walk.type, walk.path, walk.skip = 't', 'Folder', 'childEntity', False
inner = make('ns0:SelectionSpec')
inner.name = 't'
walk.selectSet = [inner]
objects = make('ns0:ObjectSpec')
objects.obj, objects.skip, objects.selectSet = reference('Folder', 'ha-folder-root'), False, [walk]
wanted = make('ns0:PropertySpec')
wanted.type, wanted.all, wanted.pathSet = 'HostSystem', False, ['name']
spec = make('ns0:PropertyFilterSpec')
spec.propSet, spec.objectSet = [wanted], [objects]
options = make('ns0:RetrieveOptions')
options.maxObjects = 10
sent = client.service.RetrievePropertiesEx(reference('PropertyCollector', 'ha-property-collector'), [spec], options)
print(sent.envelope.decode())
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-wsdl-'));
  for (const [name, make] of Object.entries(wsdlFiles)) writeFileSync(join(folder, name), make());
});
afterAll(() => rmSync(folder, { recursive: true }));

judgedByPython(['zeep', 'suds'], () => {
  test.each([
    ['zeep', zeep],
    ['suds', suds],
  ])('N: gives %s a WSDL by which it builds a call that we read', (_name, script) => {
    const envelope = judge('/usr/bin/python3', ['-c', script, join(folder, 'vimService.wsdl')]);
    const { method, self, parameters } = readCall(readEnvelope(Buffer.from(envelope)));
    expect(method.name).toBe('RetrievePropertiesEx');
    expect(self).toEqual({ type: 'PropertyCollector', id: 'ha-property-collector' });
    expect(parameters).toEqual({
      specSet: [
        {
          $type: 'PropertyFilterSpec',
          propSet: [{ $type: 'PropertySpec', type: 'HostSystem', all: false, pathSet: ['name'] }],
          objectSet: [
            {
              $type: 'ObjectSpec',
              obj: { type: 'Folder', id: 'ha-folder-root' },
              skip: false,
              selectSet: [
                {
                  ...{ $type: 'TraversalSpec', name: 't', type: 'Folder', path: 'childEntity' },
                  skip: false,
                  selectSet: [{ $type: 'SelectionSpec', name: 't' }],
                },
              ],
            },
          ],
        },
      ],
      options: { $type: 'RetrieveOptions', maxObjects: 10 },
    });
  });
});

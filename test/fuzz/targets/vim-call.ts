import { readEnvelope, writeEnvelope } from '../../../src/protocol/soap.ts';
import { readCall } from '../../../src/runtime/vim/read-call.ts';
import { writeValue } from '../../../src/runtime/vim/write-value.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { assertSame } from '../oracle.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

const tokens = [
  ...[
    '<',
    '</',
    '/>',
    '&lt;',
    '&#x0;',
    '&amp;',
    ' xsi:type="',
    'xsd:int',
    'ArrayOf',
    '<!DOCTYPE a>',
  ],
  ...['<![CDATA[', ']]>', '<_this', ' type="', 'OptionValue', 'urn:vim25', ' xmlns:a="b"', 'true'],
];

/** A request to the VI API: envelope, XML and the values of a call. */
export const vimCall: FuzzTarget = {
  name: 'vim-call',
  seeds: () =>
    [
      '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>',
      '<RetrievePropertiesEx xmlns="urn:vim25"><_this>ha-property-collector</_this><specSet><propSet><type>HostSystem</type><all>0</all><pathSet>name</pathSet></propSet><objectSet><obj type="Folder">ha-folder-root</obj><skip>false</skip><selectSet xsi:type="TraversalSpec"><name>t</name><type>Folder</type><path>childEntity</path><selectSet><name>t</name></selectSet></selectSet></objectSet></specSet><options><maxObjects>10</maxObjects></options></RetrievePropertiesEx>',
      '<UpdateOptions xmlns="urn:vim25"><_this type="OptionManager">setting</_this><changedValue><key>a</key><value xsi:type="xsd:long">5</value></changedValue><changedValue><key>b</key><value xsi:type="ArrayOfInt"><int>1</int></value></changedValue></UpdateOptions>',
    ].map((call) => Buffer.from(writeEnvelope(call))),
  mutate: (input, random, other) => mutateBytes(input, random, other, { tokens }),
  run(input) {
    const call = readCall(readEnvelope(input));
    // What was read can be written, and is read again as the same.
    const write = (of: typeof call): string =>
      of.method.parameters
        .map((one) => writeValue(one.name, one, of.parameters[one.name]))
        .join('');
    const { name } = call.method;
    const { type, id } = call.self;
    const self = writeValue(
      '_this',
      { type: 'ManagedObject', array: false, optional: false },
      { type, id },
    );
    const again = `<${name} xmlns="urn:vim25">${self}${write(call)}</${name}>`;
    const second = readCall(readEnvelope(Buffer.from(writeEnvelope(again))));
    assertSame(Buffer.from(write(second)), Buffer.from(write(call)), 'a call is read in two ways');
    return takenAs(name);
  },
  quotes: true,
};

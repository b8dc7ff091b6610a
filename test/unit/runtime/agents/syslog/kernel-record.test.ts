import { expect, test } from 'vitest';
import { parseKernelRecord } from '../../../../../src/runtime/agents/syslog/kernel-record.ts';

const read = (record: string) => parseKernelRecord(record, 1_000_000);

test('P5: reads a record of the kernel, without the properties of its device', () => {
  expect(
    read('4,339,5140900,-;ACPI: \\x5c_SB\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n'),
  ).toEqual({
    sequence: 339,
    message: {
      ...{ origin: 'kernel', facility: 0, severity: 4, at: 1_005_141 },
      ...{ program: 'kernel', text: 'ACPI: \\_SB' },
    },
  });
});

test('P5: tells what vmkd says from what an agent says, and both from the kernel', () => {
  const said = (text: string, priority = 14) => {
    const { origin, program, text: rest } = read(`${priority},1,0,-;${text}`)?.message ?? {};
    return [origin, program, rest];
  };
  expect(said('twinbank: ready build=1')).toEqual(['vmkd', 'vmkd', 'ready build=1']);
  expect(said('twinbank: agent cim: no bus')).toEqual(['agent', 'cim', 'no bus']);
  expect(said('twinbank: agent ../x: no')).toEqual(['vmkd', 'vmkd', 'agent ../x: no']);
  expect(said('somebody else')).toEqual(['local', 'kmsg', 'somebody else']);
  // The kernel gives nobody its own facility.
  expect(said('twinbank: ready', 6)).toEqual(['kernel', 'kernel', 'twinbank: ready']);
});

test('P5: reads characters of UTF-8 that the kernel has escaped, and no control character', () => {
  expect(read('14,1,0,-;f\\xc3\\xbcr\\x1b[1m\\x0aall')?.message.text).toBe('für?[1m all');
});

test.each(['', 'x', '6,1;no', '6,1,2,-'])('P5: takes %j for no record', (record) => {
  expect(read(record)).toBeUndefined();
});

import type { BankSummary, DiskSummary } from '../../../src/harness/report/run-event.ts';

const MiB = 2 ** 20;
const modules: BankSummary['modules'] = [
  { name: 'vmkernel', kind: 'base', bytes: 8_247_232 },
  { name: 'boot', kind: 'base', bytes: 1_114_016 },
  { name: 'engine', kind: 'base', bytes: 22_229_368 },
  { name: 'agents', kind: 'base', bytes: 129_048 },
  { name: 'vmm', kind: 'base', bytes: 10_961_268 },
  { name: 'drivers', kind: 'base', bytes: 2_609_528 },
];
const acme = { name: 'acme-ipmi', kind: 'oem', bytes: 1_310_720 };

export function bankMark(partition: number, marks: Partial<BankSummary> = {}): BankSummary {
  const oem = marks.build?.startsWith('1.1') ? [acme] : [];
  const held = [...modules, ...oem];
  const used = held.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    partition,
    name: `bootbank${partition - 4}`,
    state: 'VALID',
    attempts: 0,
    verdict: '-',
    updated: partition === 5 ? 2 : 1,
    build: '0.1.0-1',
    bytes: 50_212_864,
    bytesFree: 50_212_864 - used - 640_000,
    modules: held,
    ...marks,
  };
}

/** The default disk, with the banks as they are given. */
export function diskMark(
  five: Partial<BankSummary> = {},
  six: Partial<BankSummary> = {},
  next: number | null = 5,
): DiskSummary {
  return {
    bytes: 752 * MiB,
    partitions: [
      { number: 14, name: 'bios-boot', offset: 17_408, bytes: 1_031_168 },
      { number: 1, name: 'bootloader', offset: MiB, bytes: 4 * MiB },
      { number: 5, name: 'bootbank1', offset: 5 * MiB, bytes: 48 * MiB },
      { number: 6, name: 'bootbank2', offset: 53 * MiB, bytes: 48 * MiB },
      { number: 7, name: 'coredump', offset: 101 * MiB, bytes: 110 * MiB },
      { number: 8, name: 'store', offset: 211 * MiB, bytes: 540 * MiB },
    ],
    banks: [bankMark(5, five), bankMark(6, six)],
    next,
  };
}

import { decodeEnvBlock, encodeEnvBlock } from '../../../src/bootloader/env-block.ts';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { clusterBytes, dataOffset } from '../../../src/disk/fat/geometry.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { builds } from './cut-builds.ts';
import type { HostOptions } from './cut-host.ts';

/** What an update finds, and what it brings. */
export interface Scenario {
  /** Of the bank that is overwritten. */
  readonly name: string;
  readonly bundle: 'full' | 'relative';
  readonly host?: HostOptions;
  readonly damage?: (bank: BlockDevice) => void;
  /** It boots, but nothing more can be written to it: it is not confirmed, and no update keeps it. */
  readonly neverKept?: boolean;
  /** The bank that runs; none for a disk at rest. */
  readonly running?: number;
  /** The build that boots before the update begins. */
  readonly initial: string;
}

const { before, current } = builds;
const first = { bootstate: '0', updated: 8 } as const;

/** Whatever state the bank that is overwritten is in. */
export const scenarios: readonly Scenario[] = [
  { name: 'a VALID bank', bundle: 'full', initial: current.name },
  { name: 'a VALID bank, by a relative bundle', bundle: 'relative', initial: current.name },
  {
    name: 'the first bank in order, while the other one runs',
    ...{ bundle: 'full', host: { target: first }, running: 5, initial: before.name },
  },
  {
    name: 'an UPGRADING bank',
    ...{ bundle: 'full', host: { target: { ...first, bootstate: '1' } }, initial: before.name },
  },
  {
    name: 'a DIRTY bank',
    ...{
      bundle: 'relative',
      host: { target: { ...first, bootstate: '2' } },
      initial: current.name,
    },
  },
  {
    name: 'a bank that was rolled back',
    ...{ bundle: 'relative', initial: current.name },
    host: { target: { bootstate: '3', verdict: 'R', updated: 8 } },
  },
  {
    name: 'a bank with a malformed boot.cfg',
    ...{ bundle: 'full', host: { target: first }, initial: current.name, damage: breakBootCfg },
  },
  {
    name: 'a bank whose marks are in the second sector',
    ...{ bundle: 'full', host: { target: first }, running: 5, initial: before.name },
    ...{ damage: putMarksLast, neverKept: true },
  },
  {
    name: 'a bank with a broken FAT',
    ...{ bundle: 'full', host: { target: first }, running: 5, initial: before.name },
    ...{ damage: crossChains, neverKept: true },
  },
  {
    name: 'a bank without a file system',
    ...{ bundle: 'full', host: { newestState: 'kept' }, initial: current.name },
    damage: (bank) => bank.write(0, new Uint8Array(4096)),
  },
  {
    name: 'a bank that the new build fills',
    ...{ bundle: 'full', host: { bankMebibytes: 4 }, initial: current.name },
  },
];

/** The second sector is gone; the first one still says that the bank is VALID and comes first. */
function breakBootCfg(bank: BlockDevice): void {
  const [{ offset = 0 } = {}] = openFat(bank).extents('boot.cfg');
  bank.write(offset + 512, new Uint8Array(512));
}

/** Somebody else's order of lines: the loader takes it, and in the first sector there is no mark. */
function putMarksLast(bank: BlockDevice): void {
  const volume = openFat(bank);
  const { entries } = decodeEnvBlock(volume.read('boot.cfg'));
  const lines = entries.map(({ key, value }) => [key, value] as const);
  const isMark = ([key]: readonly [string, string]) =>
    key in { bootstate: 0, attempts: 0, verdict: 0 };
  const inOrder = [...lines.filter((one) => !isMark(one)), ...lines.filter(isMark)];
  volume.overwrite('boot.cfg', 0, encodeEnvBlock(inOrder, 'boot.cfg'));
}

/** The chain of boot.v00 leads on into that of vmkernel: an error, though all that is loaded can be read. */
function crossChains(bank: BlockDevice): void {
  const { boot, extents } = openFatOf(bank);
  const clusterAt = (offset: number) =>
    2 + Math.floor((offset - dataOffset(boot)) / clusterBytes(boot));
  const { offset, length } = extents('boot.v00');
  const entry = boot.reservedSectors * 512 + 2 * clusterAt(offset + length - 1);
  const into = clusterAt(extents('vmkernel').offset);
  const bytes = Uint8Array.of(into & 0xff, into >> 8);
  for (const copy of [0, 1]) bank.write(entry + copy * boot.sectorsPerFat * 512, bytes);
}

function openFatOf(bank: BlockDevice) {
  const volume = openFat(bank);
  return { boot: volume.boot, extents: (path: string) => volume.extents(path)[0]! };
}

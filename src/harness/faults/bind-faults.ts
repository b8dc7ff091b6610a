import { bootOrder, selectBank } from '../../bootloader/select-bank.ts';
import type { BankFacts, BankIo } from '../../bootloader/selection.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { openFat } from '../../disk/fat/volume.ts';
import { readGpt } from '../../disk/gpt.ts';
import { partitionDevice } from '../../disk/partition-device.ts';
import type { Fault, NamedFault } from './fault.ts';
import { faultError } from './fault-error.ts';

/** A disk that faults can be bound to. */
export interface FaultDisk {
  readonly device: BlockDevice;
  readonly banks: readonly { readonly partition: number }[];
  /** What the loader finds when it starts now, and its ways to the banks. */
  loader(): { facts: BankFacts[]; io: BankIo };
}

/**
 * Binds faults to the banks of a disk, and does the damage that they are about. Without `@BANK` it is the bank that the
 * loader would boot as the disk is now. Throws `usage.fault` for a bank or a file that is not there, and for two
 * runtime faults of one bank, one of `others` among them.
 */
export function bindFaults(
  faults: readonly NamedFault[],
  disk: FaultDisk,
  others: readonly Fault[] = [],
): Fault[] {
  if (faults.length === 0) return [];
  const banks = disk.banks.map(({ partition }) => partition);
  const bound = chooseBanks(faults, { banks, first: firstBank(disk) }, others);
  damageDisk(disk.device, bound);
  return bound;
}

/** As `bindFaults`, with one fault. */
export function bindFault(fault: NamedFault, disk: FaultDisk, others: readonly Fault[]): Fault {
  const [bound] = bindFaults([fault], disk, others);
  if (!bound) throw new Error('one fault was given and none came back');
  return bound;
}

/** The bank of each fault; `first` is the one that the loader would boot. Throws `usage.fault` as `bindFaults` does. */
export function chooseBanks(
  faults: readonly NamedFault[],
  disk: { readonly banks: readonly number[]; readonly first: number },
  others: readonly Fault[] = [],
): Fault[] {
  const failing = new Map<number, string>();
  for (const { effect, bank, text } of others) {
    if (effect.on === 'runtime' && bank !== undefined) failing.set(bank, text);
  }
  return faults.map(({ text, row, effect, bank: named }) => {
    const bank = named ?? (row.bank === 'first' ? disk.first : undefined);
    if (bank === undefined) return { text, effect };
    if (!disk.banks.includes(bank)) {
      throw faultError(text, `a bank of the image (${disk.banks.join(', ')})`, `@${bank}`);
    }
    if (effect.on === 'runtime') {
      const other = failing.get(bank);
      if (other !== undefined) throw faultError(text, `one way for bank ${bank} to fail`, other);
      failing.set(bank, text);
    }
    return { text, effect, bank };
  });
}

/** The bank that the loader would boot as the disk is now; where it boots none, the first that it looks at. */
function firstBank({ banks, loader }: FaultDisk): number {
  const { facts, io } = loader();
  const { booted } = selectBank(facts, { verify: io.verify, write: () => true });
  return booted ?? bootOrder(facts)[0] ?? banks[0]?.partition ?? 0;
}

function damageDisk(device: BlockDevice, faults: readonly Fault[]): void {
  const { partitions } = readGpt(device);
  for (const { effect, bank, text } of faults) {
    const place = partitions.find(({ number }) => number === bank);
    if (effect.on === 'disk' && place) effect.damage(openFat(partitionDevice(device, place)), text);
  }
}

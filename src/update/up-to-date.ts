import { checkBank } from '../bootloader/bank-contents.ts';
import type { BankReading } from './bank-reading.ts';
import type { ChosenBanks } from './choose-banks.ts';
import type { KeptManifest } from './manifest/plan-bank.ts';
import type { UpdatePlan } from './plan-update.ts';

/**
 * Whether nothing is left to do, so that an update that is asked for twice costs nothing, above all not the
 * way back: `running` where the kept bank is just what it would make and no other waits for its trial,
 * `waiting` where the other one is and has not been booted yet.
 */
export function upToDate(
  { kept, target }: ChosenBanks,
  { manifests }: UpdatePlan,
): 'running' | 'waiting' | undefined {
  const cfg = target.bootCfg.ok ? target.bootCfg.cfg : undefined;
  if (cfg?.bootstate !== '1') return sameManifests(kept, manifests) ? 'running' : undefined;
  if (!sameManifests(target, manifests)) return undefined;
  return checkBank(target.files, cfg).problem === undefined ? 'waiting' : undefined;
}

function sameManifests(bank: BankReading, wanted: readonly KeptManifest[]): boolean {
  const same = (one: KeptManifest, other: KeptManifest | undefined): boolean =>
    other !== undefined &&
    Buffer.compare(one.bytes, other.bytes) === 0 &&
    Buffer.compare(one.signature, other.signature) === 0;
  const equal = wanted.every((one, index) => same(one, bank.manifests[index]));
  return equal && bank.manifests.length === wanted.length;
}

import { setImmediate } from 'node:timers/promises';
import { inFile } from '../diagnostics/in-file.ts';
import { type Report, silent } from '../diagnostics/progress.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { clusterBytes, planFat16 } from '../disk/fat/geometry.ts';
import { overlayDevice } from '../disk/overlay-device.ts';
import { keepState } from '../state/save-state.ts';
import { activateBank, readBackBank } from './activate-bank.ts';
import type { BankReading } from './bank-reading.ts';
import type { BundleIndex } from './bundle/bundle-index.ts';
import { type OfferedBundle, readOffer } from './bundle/offered-bundle.ts';
import { readRest } from './bundle/verify-bundle.ts';
import { type ChosenBanks, chooseBanks } from './choose-banks.ts';
import type { HostBank, HostDisk } from './host-disk.ts';
import { nextUpdated } from './next-updated.ts';
import { planStore, type StorePlan, type StoreRequest } from './plan-store.ts';
import { planUpdate, type UpdatePlan } from './plan-update.ts';
import { invalidateBank, layOutBank } from './prepare-bank.ts';
import type { PublicKey } from './signing/key.ts';
import type { ByteSource } from './source/byte-source.ts';
import { openStore } from './store-volume.ts';
import { upToDate } from './up-to-date.ts';
import { writeContents } from './write-contents.ts';
import { finishStore, layOutStore, readBackStore } from './write-store.ts';

export interface ApplyOptions {
  /** Partition of the bank that runs; none for a disk at rest. */
  readonly running?: number;
  /** Trusted beside those of the bank that is kept. */
  readonly keys?: readonly PublicKey[];
  readonly report?: Report;
  readonly signal?: AbortSignal;
  /** Takes a bundle that is older than the bank that is kept; refused without it. */
  readonly allowOlder?: boolean;
  /** Reads the bundle to its end and hashes all of it, and ends before the first write. */
  readonly dryRun?: boolean;
  /** Hears what will be done, just before the first write. */
  readonly onBegin?: (plan: AppliedPlan) => void;
  /**
   * Runs all that waits for whoever sends the bundle; a host gives its banks to others meanwhile. They may save into the bank that is kept:
   * the one that is written, and what was chosen, is the caller's to protect for as long as this runs.
   */
  readonly waitForSender?: WaitForSender;
}

export type WaitForSender = <T>(wait: () => Promise<T>) => Promise<T>;

/** What an update does, and to which bank. */
export interface AppliedPlan extends UpdatePlan {
  readonly kept: number;
  readonly target: number;
  /** Undefined where there is no store, or one that cannot be used. */
  readonly store: StorePlan | undefined;
  /** Of the trusted keys that have signed the bundle. */
  readonly keyIds: readonly string[];
}

export interface ApplyResult {
  /** `running`: the kept bank is what the bundle holds; `waiting`: the other bank waits for its trial. */
  readonly outcome: 'updated' | 'running' | 'waiting' | 'planned';
  readonly plan: AppliedPlan;
}

/**
 * Puts a bundle into the bank that is not running, in one pass over it: verifies and plans everything before
 * the first write, takes the bank out of the loader's choice, fills it, reads it back past every cache, and
 * makes it the next one to boot with one write. Cut short at any point, the host boots the bank that was
 * kept, or the new one complete. The caller holds the lock of the disk. Throws kind `refused` and `corrupt`
 * before anything is written (`chooseBanks`, `readOffer`, `planUpdate`, `planStore`), and kind `corrupt` or
 * `io` afterwards, with the bank INVALID and the kept one untouched.
 */
export async function applyBundle(
  source: ByteSource,
  disk: HostDisk,
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  const { report = silent, signal, waitForSender = (wait) => wait() } = options;
  const step = stepper(report, signal, options.dryRun ? 2 : 5);

  await step('Check the banks and the bundle');
  const banks = chooseBanks(disk, options.running);
  const trust = [...banks.kept.trust, ...(options.keys ?? [])];
  const offer = await waitForSender(() => readOffer(source, trust));
  const plan = planAll(disk, banks, offer, options);
  const already = upToDate(banks, plan);
  if (already && !options.dryRun) return { outcome: already, plan };
  const { updated, makeRoom } = nextUpdated(banks);
  if (options.dryRun) {
    await step('Read the bundle to its end');
    // Nothing of it reaches the disk, and what could not be kept is found out.
    if (!already) await keepHostState(banks, overlayDevice(banks.kept.device));
    const progress = readProgress(report, offer.index);
    await waitForSender(() => readRest(offer.reader, progress, signal));
    return { outcome: already ?? 'planned', plan };
  }
  options.onBegin?.(plan);

  await step(`Take bank ${plan.target} out of use`);
  const { target, targetBank: bank } = banks;
  const { dropCaches } = disk;
  // What the host was configured to may be in the slots that go now.
  await keepHostState(banks, banks.kept.device, dropCaches);
  invalidateBank(bank, target, plan.bank, updated);

  await step(`Write bank ${plan.target}`);
  const { volume, places } = layOutBank(bank, plan.bank);
  const store = disk.store && plan.store && { device: disk.store, plan: plan.store };
  const opened = store && { ...store, open: layOutStore(store.device, store.plan) };
  const work = { plan, banks, places, offer, store: opened, report, signal, waitForSender };
  await writeContents(work);
  volume.flush();
  if (opened) finishStore(opened.open, opened.plan);

  await step('Read back');
  await dropCaches();
  readBackBank(bank, plan.bank, readBackProgress(report, plan));
  if (store) readBackStore(store.device, store.plan);

  await step(`Make bank ${plan.target} the next one to boot`);
  await makeRoom(dropCaches);
  await activateBank(bank, volume, plan.bank, updated, dropCaches);
  return { outcome: 'updated', plan };
}

function planAll(
  disk: HostDisk,
  { kept, target, targetBank }: ChosenBanks,
  { name, index, manifests, keyIds }: OfferedBundle,
  { allowOlder = false, report = silent }: ApplyOptions,
): AppliedPlan {
  const plan = planUpdate({
    kept: kept.manifests.map((one) => ({ ...one, keyIds: [] })),
    bundle: manifests,
    index,
    name,
    allowOlder,
    target: { number: target.number, ...capacityOf(target, targetBank) },
  });
  const warn = (why: string) =>
    report({ type: 'warning', text: `store: ${why}; its packages are not updated` });
  const packages = plan.manifests[0]?.manifest.base?.packages ?? [];
  if (!disk.store && packages.length > 0) {
    warn(`expected one for ${packages.map((one) => one.name).join(', ')}, found none`);
  }
  const store = disk.store && openStore(disk.store, warn);
  return {
    ...plan,
    kept: kept.number,
    target: target.number,
    keyIds,
    store: store && planStore(store.facts, storeRequest(plan, index)),
  };
}

function storeRequest(plan: UpdatePlan, { entries }: OfferedBundle['index']): StoreRequest {
  return {
    keptBuild: plan.from,
    build: plan.to,
    packages: plan.manifests[0]?.manifest.base?.packages ?? [],
    sent: new Set(entries.map(({ sha256 }) => sha256)),
  };
}

function capacityOf({ volume }: BankReading, bank: HostBank) {
  const geometry = volume?.boot ?? planFat16(bank.device.size);
  return { clusters: geometry.clusters, clusterBytes: clusterBytes(geometry) };
}

/** Makes the kept bank hold what the host was configured to. `bank` is where it is written. */
async function keepHostState(
  { kept, targetBank }: ChosenBanks,
  bank: BlockDevice,
  dropCaches: HostDisk['dropCaches'] = async () => {},
): Promise<void> {
  await keepState({ bank, other: targetBank.device, dropCaches }).catch((error) => {
    const hint =
      '; what the host is configured to cannot be kept in it: take a state backup, and flash the host anew';
    throw inFile(`bank ${kept.number}`, error, hint);
  });
}

/** Tells the steps, and ends the update between two of them when it was interrupted. */
function stepper(report: Report, signal: AbortSignal | undefined, of: number) {
  let step = 0;
  return async (title: string): Promise<void> => {
    // Most of the work is synchronous: here a signal is heard, and a watchdog is fed.
    await setImmediate();
    signal?.throwIfAborted();
    report({ type: 'step', step: ++step, of, title });
  };
}

function readProgress(report: Report, { entries }: BundleIndex): (bytes: number) => void {
  const contents = entries.filter(({ path }) => path.includes('/'));
  const total = contents.reduce((sum, { bytes }) => sum + bytes, 0);
  return progressOf(report, 'check hashes', total);
}

function readBackProgress(report: Report, plan: UpdatePlan): (bytes: number) => void {
  const total = plan.bank.files.reduce((sum, { bytes }) => sum + bytes, 0);
  return progressOf(report, 'read back', total);
}

function progressOf(report: Report, task: string, total: number): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    report({ type: 'progress', task, done, total, unit: 'bytes' });
    if (done === total) report({ type: 'done', task });
  };
}

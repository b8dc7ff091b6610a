import { setTimeout as pause } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';
import { shutdownMethod } from '../../hostcore/end-host.ts';
import type { Ending } from '../../hostcore/host-port.ts';
import type { HostStatus } from '../../hostcore/host-status.ts';
import type { Journal } from '../../hostcore/journal.ts';
import { readyEvent } from '../../hostcore/judge-boot.ts';
import { mutex } from '../../hostcore/mutex.ts';
import {
  defaultLockTimeoutMs,
  keepConfirmed,
  type StateKeeper,
  stateKeeper,
} from '../../hostcore/state-keeper.ts';
import { storeStatus } from '../../hostcore/store-status.ts';
import { type UpdateService, updateService } from '../../hostcore/update-service.ts';
import { verifyManifests } from '../../hostcore/verify-manifests.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import { oemSettingNames, type SettingName } from '../../state/setting-rows.ts';
import { readBankForUpdate } from '../../update/bank-reading.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { reportStore, type StoreReport, storeProblems } from '../../update/stored-package.ts';
import { machineError } from '../machine/machine-client.ts';
import { notAble } from '../machine/test-machine.ts';
import { simServices } from './sim-services.ts';
import { banksOf, memoryConfiguration, type SimSystem } from './sim-system.ts';
import { simUpdates } from './sim-updates.ts';

/** What a simulated vmkd acts on. */
export interface SimVmkdOptions {
  /** For as long as the boot lasts. */
  readonly disk: HostDisk;
  readonly system: SimSystem;
  readonly journal: Journal;
  /** One line on the console. */
  line(text: string): void;
  end(how: Ending, why: string): Promise<void>;
}

/** vmkd of a simulated system: the rules of a host, over a disk in memory. */
export interface SimVmkd {
  readonly methods: Readonly<Record<string, Method>>;
  readonly keeper: StateKeeper;
  readonly updates: UpdateService;
  readonly journal: Journal;
}

/** `status` lacks the members that nobody knows without a running system, and so is every method that only one can answer. */
export function simVmkd({ disk, system, journal, line, end }: SimVmkdOptions): SimVmkd {
  const { partition } = system.bank;
  const withBankLock = mutex();
  const { pair, ...numbers } = banksOf(disk, partition);
  const configuration = memoryConfiguration(system);
  const keeper = stateKeeper({
    banks: { ...numbers, withPair: (use) => withBankLock(() => use(pair)) },
    configuration,
    memo: {
      read: () => system.memo,
      write(memo) {
        system.memo = memo;
      },
    },
    report: line,
    lockTimeout: (signal) => pause(defaultLockTimeoutMs, undefined, { signal, ref: false }),
  });
  const updates = updateService({
    ...simUpdates(disk, partition, system.staged),
    withBankLock,
    journal: journal.write,
    line,
    end,
  });
  // Nobody writes to the packages of the build that runs; to read them once in a boot is enough.
  let known: StoreReport | undefined;
  const readPackages = (): StoreReport => {
    const { packages } = verifyManifests(partition, pair.bank);
    known = reportStore(disk.store, [{ build: system.build, packages }]);
    return known;
  };
  const packages = (): StoreReport => known ?? readPackages();
  const status = (): HostStatus => ({
    build: system.build,
    bank: partition,
    state: system.state,
    problems: [...system.problems, ...storeProblems(packages())],
    refused: system.refused,
    configuration: keeper.report(),
    signed: verifyManifests(partition, pair.bank).signed,
    store: storeStatus(packages()),
  });
  const services = simServices({
    keeper,
    configuration,
    line,
    end,
    settings: () => system.settings,
    unknown: () => unknownSettings(disk, system),
  });
  const methods = {
    status,
    'store.list': () => storeStatus(readPackages()),
    shutdown: shutdownMethod(end),
    ...services,
    ...updates.methods,
  };
  return { methods, keeper, updates, journal };
}

/** What vmkd does between the confirmation and its ready line. */
export async function becomeReady(
  { keeper, journal }: SimVmkd,
  { bank: { partition: bank } }: SimSystem,
  unconfirmed: string | undefined,
): Promise<void> {
  if (unconfirmed === undefined) await keepConfirmed(keeper);
  journal.write(readyEvent(bank, unconfirmed, {}));
}

/** An OEM may have defaults for these, in a layer that nobody has mounted. */
function unknownSettings(disk: HostDisk, { bank, settings }: SimSystem): SettingName[] {
  const { pair } = banksOf(disk, bank.partition);
  const { manifests } = readBankForUpdate(bank.partition, pair.bank);
  if (manifests.every(({ manifest }) => manifest.base)) return [];
  return oemSettingNames.filter((name) => settings[name] === undefined);
}

/** What a simulated host has no answer to is said beside what it has. */
function whyNotSimulated(methods: SimVmkd['methods']): string {
  const groups = [...new Set(Object.keys(methods).map((name) => name.replace(/\..*/, '.*')))];
  return `only a running system can answer it; simulated are ${groups.sort().join(', ')}`;
}

/** Calls a method by its name. What a running system would refuse is `harness.refused`, as over a port. */
export async function callSim(
  methods: SimVmkd['methods'],
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) throw notAble('sim', name, whyNotSimulated(methods));
  try {
    return await method({ ...params });
  } catch (error) {
    if (error instanceof RpcError) throw machineError('vmkd', error);
    if (!(error instanceof TwinbankError) || error.code.startsWith('harness.')) throw error;
    throw machineError('vmkd', new RpcError(error.code, error.message));
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Lock } from '../../hostcore/host-port.ts';
import type { Journal } from '../../hostcore/journal.ts';
import type { StateKeeper } from '../../hostcore/state-keeper.ts';
import { transferMethods } from '../../hostcore/state-transfer.ts';
import type { TlsService } from '../../hostcore/tls/tls-service.ts';
import type { UpdateService } from '../../hostcore/update-service.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import type { Agent } from '../agents/agent.ts';
import { forwardMethods } from './agents/forward-methods.ts';
import type { RunningAgents } from './agents/start-agents.ts';
import { dumpFolder } from './agents/world-dumps.ts';
import { worldMethods } from './agents/world-methods.ts';
import type { BankPartition } from './boot/bank-partition.ts';
import { coredumpMethods } from './coredump/coredump-methods.ts';
import type { CoredumpService } from './coredump/coredump-service.ts';
import { type System, systemMethods } from './management/system-methods.ts';
import { setHostName } from './network/host-name.ts';
import type { Network } from './network/network.ts';
import { hostNetwork } from './network/network-methods.ts';
import type { HostResources } from './resources/host-resources.ts';
import { fileConfiguration, hostSettings } from './state/host-state.ts';
import { hostUsers } from './state/host-users.ts';
import type { Storage } from './storage/storage.ts';
import { storageMethods } from './storage/storage-methods.ts';
import type { HostPackages } from './store/host-packages.ts';
import { storeMethods } from './store/store-methods.ts';
import { hostCollectors } from './support/collectors.ts';
import { supportMethods } from './support/support-service.ts';
import { hostUpdates } from './update/host-updates.ts';
import { updatePlaces } from './update/update-places.ts';

/** A certificate is made of what the host is, so that one that was not saved in time is made again. */
const renewTimeoutMs = 5000;

/** What the methods act on: what the steps of vmkd have found and started. */
export interface RunningParts {
  readonly system: System;
  readonly bank: BankPartition | undefined;
  readonly keeper: StateKeeper;
  readonly network: Network;
  /** The rows of those that run, and what they do. */
  readonly rows: readonly Agent[];
  readonly agents: RunningAgents;
  readonly updates: UpdateService;
  readonly packages: HostPackages;
  /** As of `UsersPort`. */
  readonly trustedNetwork: boolean;
  readonly storage: Storage;
  readonly resources: HostResources;
  readonly tls: TlsService;
  /** One line on the console. */
  line(text: string): void;
  readonly coredump: CoredumpService;
}

/** All methods of vmkd's protocol (docs/vmkd.md): of the system, its settings, updates, agents, and support. */
export function vmkdMethods(parts: RunningParts): Record<string, Method> {
  const { system, bank, keeper, network, rows, agents, updates, packages, storage } = parts;
  const { trustedNetwork, tls, line, coredump, resources } = parts;
  const networks = hostNetwork({ network, keeper, configuration: fileConfiguration(), line });
  // By the time of the answer the certificate has the name, too, unless the disk is slow; what DHCP brings comes later.
  const named =
    <T>(apply: (value: T) => Promise<string | undefined>) =>
    async (value: T): Promise<string | undefined> => {
      const why = await apply(value);
      await Promise.race([tls.renew(), pause(renewTimeoutMs, undefined, { ref: false })]);
      return why;
    };
  const appliers = {
    hostname: named(setHostName),
    network: named(networks.replace),
    resources: resources.apply,
  };
  const listenerNames = (): string[] => agents.listeners().map(({ name }) => name);
  const known = {
    ...systemMethods(system),
    ...hostSettings({
      keeper,
      appliers,
      restart: agents.applySettings,
      interfaces: network.uplinks,
      listeners: listenerNames,
    }),
    ...hostUsers({ keeper, trustedNetwork }),
    ...tls.methods,
    ...transferMethods({
      keeper,
      configuration: fileConfiguration(),
      parts: async () => {
        const { disks, datastores } = await storage.list();
        // `vmhba1:C0:T0:L0` is behind `vmhba1`.
        const controllers = disks.map(({ name }) => name.split(':')[0] ?? '');
        return { uplinks: network.uplinks(), controllers, datastores, listeners: listenerNames() };
      },
      end: (how, why) => void setTimeout(() => system.stop(how, why), 100),
    }),
    ...networks.methods,
    'network.listeners': () => ({ listeners: agents.listeners() }),
    ...updates.methods,
    ...storeMethods(packages),
    ...worldMethods({
      rows,
      running: agents.list,
      connections: agents.connections,
      swap: resources.swap,
    }),
    ...storageMethods({ storage, keeper, configuration: fileConfiguration() }),
    ...coredumpMethods(coredump),
    ...forwardMethods(rows, {
      isIdle: (name) => agents.list.find((one) => one.name === name)?.report().state === 'idle',
    }),
  };
  return {
    ...known,
    ...supportMethods({ collectors: () => hostCollectors(known, rows, bank, '/', dumpFolder) }),
  };
}

export interface UpdatesPort {
  readonly bank: BankPartition | undefined;
  readonly journal: Journal;
  /** Default: that of the running system. */
  readonly withBankLock?: Lock;
  /** As of `BankGuard.assert`. */
  assertOnlyBank(): void;
  line(text: string): void;
  stop(how: 'power-off' | 'reboot', why: string): void;
}

/** Updates of the disk that the system runs from; who asked has his answer before the system ends. */
export function vmkdUpdates(port: UpdatesPort): UpdateService {
  const { bank, journal, assertOnlyBank, line, stop, withBankLock } = port;
  return hostUpdates({
    ...(withBankLock && { withBankLock }),
    places() {
      assertOnlyBank();
      return bank && updatePlaces(bank);
    },
    journal: journal.write,
    line,
    end: (how, why) => void setTimeout(() => stop(how, why), 100),
  });
}

import type { ManifestPackage } from '../../bootloader/bank-manifest.ts';
import type { DeviceNamer, DeviceNamerPort } from '../../hostcore/device-namer.ts';
import type { Ending } from '../../hostcore/host-port.ts';
import type { TlsService } from '../../hostcore/tls/tls-service.ts';
import type { UpdateService } from '../../hostcore/update-service.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import type { Settings } from '../../state/setting-rows.ts';
import type { Agent } from '../agents/agent.ts';
import type { Console } from '../system/console.ts';
import type { AgentsOptions } from './agents/start-agents.ts';
import type { BankGuard } from './boot/bank-guard.ts';
import type { BankPartition } from './boot/bank-partition.ts';
import type { ConfirmedMark } from './boot/confirmed-mark.ts';
import type { RunningBoot } from './boot/judge-boot.ts';
import type { DriversPort } from './boot/load-drivers.ts';
import type { BankPort } from './boot/open-bank.ts';
import type { SetClockPort } from './boot/set-clock.ts';
import type { EnginePort } from './boot/start-engine.ts';
import type { CoredumpService } from './coredump/coredump-service.ts';
import type { CoredumpSystem } from './coredump/system-coredump.ts';
import type { HealthPort } from './health/system-health.ts';
import type { ScreenPort } from './management/keep-screen.ts';
import type { ServePort } from './management/serve-methods.ts';
import type { RunningParts, UpdatesPort } from './methods.ts';
import type { NetworkPort } from './network/start-network.ts';
import type { OemPort } from './oem/show-oems.ts';
import type { HostResources, HostResourcesPort } from './resources/host-resources.ts';
import type { HostTlsOptions } from './state/host-tls.ts';
import type { RestorePort } from './state/restore-state.ts';
import type { StartStoragePort } from './storage/start-storage.ts';
import type { HostPackages } from './store/host-packages.ts';
import type { VerifyPort } from './update/verify-system.ts';

/** All that vmkd sees of the system around it: what each step needs. Tests have another one. */
export interface VmkdPorts
  extends EnginePort,
    SetClockPort,
    DriversPort,
    BankPort,
    RestorePort,
    StartStoragePort,
    OemPort,
    VerifyPort,
    NetworkPort,
    HealthPort,
    ScreenPort,
    ServePort {
  readonly console: Console;
  readonly bankGuard: BankGuard;
  /** What an administrator has set, once that is restored. */
  readSettings(): Partial<Settings>;
  deviceNamer(port: Omit<DeviceNamerPort, 'configuration'>): DeviceNamer;
  /** The packages of the bank that runs in the store of its disk. */
  hostPackages(bank: BankPartition | undefined, packages: readonly ManifestPackage[]): HostPackages;
  hostResources(port: Pick<HostResourcesPort, 'list' | 'line'>): HostResources;
  /** Dumps of a kernel that panics. */
  coredump(system: CoredumpSystem): CoredumpService;
  /** Every agent that there is. */
  readonly agentRows: readonly Agent[];
  /** How agents are started; `files` are those that signed manifests list. */
  agentsPort(files: readonly string[] | undefined): Omit<AgentsOptions, 'rows'>;
  updates(port: UpdatesPort): UpdateService;
  /** Mounts the banks and the store of the boot disk for people to look at. */
  showBanks(bank: BankPartition): Promise<void>;
  methods(parts: RunningParts): Record<string, Method>;
  hostTls(options: HostTlsOptions): TlsService;
  readonly confirmedMark: ConfirmedMark;
  judgeBoot(boot: RunningBoot): Promise<string | undefined>;
  /** What may hang has so long before the end. */
  endTimeout(): Promise<void>;
  /** Asks init to end the system. */
  endSystem(how: Ending): Promise<void>;
}

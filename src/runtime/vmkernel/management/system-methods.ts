import { release } from 'node:os';
import { shutdownMethod } from '../../../hostcore/end-host.ts';
import type { Ending } from '../../../hostcore/host-port.ts';
import type { HostStatus } from '../../../hostcore/host-status.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import type { LoaderVerdict } from '../../../update/verify-loader.ts';
import type { Clock } from '../../system/clock.ts';
import { findControllers } from '../../system/controllers.ts';
import type { DriverReport } from '../../system/drivers.ts';
import { checkFirmware, type FirmwareCheck } from '../../vmm/firmware-check.ts';
import { faultMethods, faultsFor } from '../boot/faults.ts';
import type { KernelCommandLine } from '../boot/kernel-command-line.ts';
import { currentLeases } from '../network/leases.ts';

/** What the methods tell about, and how they end the system. */
export interface System {
  readonly clock: Clock;
  readonly command: KernelCommandLine;
  readonly drivers: DriverReport;
  /** Network devices. */
  interfaces(): readonly string[];
  watchdogs(): readonly string[];
  phase(): 'starting' | 'ready' | 'stopping';
  /** What is not healthy now. */
  problems(): readonly string[];
  configuration(): HostStatus['configuration'];
  store(): HostStatus['store'];
  /** The parts of the file system in memory. */
  memory(): readonly { readonly path: string; readonly bytes: number; readonly free: number }[];
  /** The swap file of worlds, in bytes; null where there is none. */
  swap(): { readonly path: string; readonly size: number; readonly used: number } | null;
  readonly signed: HostStatus['signed'];
  /** Undefined where it could not be looked at. */
  readonly loader: Pick<LoaderVerdict, 'state' | 'build'> | undefined;
  stop(how: Ending, why: string): void;
}

/** The methods that tell of the system as a whole, and end it (docs/vmkd.md). */
export function systemMethods(system: System): Record<string, Method> {
  let check: Promise<FirmwareCheck> | undefined;
  return {
    ...faultMethods(faultsFor(system.command.bank)),
    status: () =>
      ({
        build: system.command.build,
        bank: system.command.bank ?? null,
        state: system.phase(),
        problems: system.problems(),
        refused: system.command.refused,
        watchdogs: system.watchdogs(),
        kernel: release(),
        engine: process.versions.node,
        secondsSincePowerOn: system.clock.sincePowerOn(),
        drivers: { ...system.drivers, missing: missingTitles() },
        network: { interfaces: system.interfaces(), leases: currentLeases() },
        configuration: system.configuration(),
        signed: system.signed,
        store: system.store(),
        memory: system.memory(),
        swap: system.swap(),
        loader: system.loader ? { state: system.loader.state, build: system.loader.build } : null,
      }) satisfies HostStatus & Record<string, unknown>,
    // The answer goes out first: the caller waits for it, and soon there is no one to give it.
    shutdown: shutdownMethod((how, why) => void setTimeout(() => system.stop(how, why), 100)),
    'vmm.check': () => {
      // Whoever asks meanwhile waits for the same machine, and not for one of his own.
      check ??= checkFirmware(120_000).finally(() => {
        check = undefined;
      });
      return check;
    },
  };
}

function missingTitles(): string[] {
  return findControllers().flatMap(({ title, hasDriver }) => (hasDriver ? [] : [title]));
}

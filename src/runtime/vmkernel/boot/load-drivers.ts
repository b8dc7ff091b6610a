import type { Console } from '../../system/console.ts';
import type { Drivers } from '../../system/drivers.ts';

export interface DriversPort {
  readonly console: Pick<Console, 'stage' | 'line'>;
  /** Puts the modules of OEMs before those of the base. */
  addOemModules(): void;
  /** Modules that OEMs want though no device asks for them. */
  oemLoads(): readonly string[];
  bankDrivers(): Drivers;
}

/** Loads drivers for the devices found, those of OEMs first, and says which could not be loaded. */
export async function loadDrivers(port: DriversPort): Promise<Drivers> {
  port.addOemModules();
  const drivers = port.bankDrivers();
  await drivers.load();
  await drivers.loadNamed(port.oemLoads());
  const { loaded, devices, failed } = drivers.report;
  port.console.stage('drivers', `${loaded.length} for ${devices} devices`);
  for (const { module, reason } of failed) port.console.line(`driver ${module}: ${reason}`);
  return drivers;
}

import {
  type DatastoreNames,
  type FoundDatastore,
  nameDatastore,
} from '../state/datastore-names.ts';
import { type DeviceKind, type DeviceNames, nameDevices } from '../state/device-names.ts';
import type { Settings } from '../state/setting-rows.ts';
import type { LiveConfiguration } from './host-port.ts';

export interface DeviceNamerPort {
  readonly configuration: Pick<LiveConfiguration, 'read' | 'write'>;
  /** Hears that there are new names to be saved. */
  onChange(): void;
  /** Hears what could not be done, one sentence. */
  report(why: string): void;
}

/** Gives devices and datastores their names, and knows them at the next start. Never throws. */
export interface DeviceNamer {
  /** The name of each by its path; `paths` are all of the kind that are there. */
  namesOf(kind: DeviceKind, paths: readonly string[]): ReadonlyMap<string, string>;
  /** `present` as of `nameDatastore`. */
  nameDatastore(found: FoundDatastore, present: readonly string[]): string;
  /** Its name is free again. */
  forgetDatastore(uuid: string): void;
  /** Names of datastores that are there or were. */
  datastores(): readonly string[];
}

/** To be opened when the state has been restored. */
export function deviceNamer({ configuration, onChange, report }: DeviceNamerPort): DeviceNamer {
  const { settings } = configuration.read();
  let devices: DeviceNames = settings.devices ?? { names: {} };
  let datastores: DatastoreNames = settings.datastoreNames ?? { names: {} };
  const keep = (changed: Partial<Settings>): void => {
    try {
      configuration.write(changed);
      onChange();
    } catch (error) {
      report(`the names of devices are not kept: ${(error as Error).message}`);
    }
  };
  return {
    namesOf(kind, paths) {
      const { names, changed } = nameDevices(devices, kind, paths);
      devices = { names };
      if (changed) keep({ devices });
      const own = Object.entries(names).filter(([name]) => name.startsWith(kind));
      return new Map(own.map(([name, path]) => [path, name]));
    },
    nameDatastore(found, present) {
      const { names, name, changed } = nameDatastore(datastores, found, present);
      datastores = { names };
      if (changed) keep({ datastoreNames: datastores });
      return name;
    },
    forgetDatastore(uuid) {
      const others = Object.entries(datastores.names).filter(([, one]) => one !== uuid);
      datastores = { names: Object.fromEntries(others) };
      keep({ datastoreNames: datastores });
    },
    datastores: () => Object.keys(datastores.names),
  };
}

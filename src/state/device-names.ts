import { numberNew } from './device-numbers.ts';
import { jsonSetting } from './setting-row.ts';
import { expected, membersOf } from './setting-value.ts';

/** What the system calls its devices: network cards `vmnicN`, controllers of disks `vmhbaN`. */
export interface DeviceNames {
  /** The path of each by its name: where it is plugged in, such as `pci-0000:00:03.0`. */
  readonly names: Readonly<Record<string, string>>;
}

const most = 256;

/** vmkd itself writes it, so that a device keeps its name for as long as it stays where it is. */
export const deviceNames = jsonSetting<DeviceNames>('etc/vmware/devices.json', {
  ownMethods: true,
  parse: (value) => {
    const { names } = membersOf('devices', value, ['names']);
    if (typeof names !== 'object' || names === null || Array.isArray(names)) {
      throw expected('devices.names', 'an object', names);
    }
    const given = Object.entries(names as Record<string, unknown>);
    if (given.length > most) throw expected('devices.names', `at most ${most}`, given.length);
    const paths = new Set<string>();
    for (const [name, path] of given) {
      if (!/^vm(nic|hba)(0|[1-9][0-9]{0,3})$/.test(name)) {
        throw expected('devices.names', 'names such as vmnic0 and vmhba0', name);
      }
      if (typeof path !== 'string' || !/^[!-~]{1,200}$/.test(path)) {
        throw expected(`devices.names.${name}`, 'the path of a device', path);
      }
      if (paths.has(path)) throw expected(`devices.names.${name}`, 'each path once', path);
      paths.add(path);
    }
    return { names: Object.fromEntries(given) as Record<string, string> };
  },
});

const kinds = ['vmnic', 'vmhba'] as const;

/** A device that was found: what kind of name it has, and its path. */
export interface FoundDevice {
  readonly kind: (typeof kinds)[number];
  readonly path: string;
}

/**
 * The names of what there is and was: a device that was seen before keeps its name, also while it is not there; a new one gets
 * a number by {@link numberNew}. `changed` is false where all were known.
 */
export function nameDevices(
  known: DeviceNames,
  found: readonly FoundDevice[],
): DeviceNames & { readonly changed: boolean } {
  const names = new Map(Object.entries(known.names));
  const paths = new Set(names.values());
  const added = found.filter(({ path }) => !paths.has(path));
  for (const prefix of kinds) {
    const fresh = new Map(added.flatMap((one) => (one.kind === prefix ? [[one.path, one]] : [])));
    const used = [...names.keys()].flatMap((name) =>
      name.startsWith(prefix) ? Number(name.slice(prefix.length)) : [],
    );
    for (const [{ path }, number] of numberNew([...fresh.values()], used)) {
      names.set(`${prefix}${number}`, path);
    }
  }
  return { names: Object.fromEntries(names), changed: added.length > 0 };
}

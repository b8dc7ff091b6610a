import { numberNew } from './device-numbers.ts';
import { jsonSetting } from './setting-row.ts';
import { expected, membersOf } from './setting-value.ts';

/** What the system calls its devices: network cards `vmnicN`, controllers of disks `vmhbaN`. */
export interface DeviceNames {
  /** The path of each by its name: where it is plugged in, such as `pci0000:00/1c.0/00.0`. */
  readonly names: Readonly<Record<string, string>>;
}

const most = 256;
const kinds = ['vmnic', 'vmhba'] as const;
export type DeviceKind = (typeof kinds)[number];
/** More than any host has; what has gone long ago is forgotten first. */
const mostOfKind = most / kinds.length;

/** What may stand for a place in the file of names. */
export function isDevicePath(path: unknown): path is string {
  return typeof path === 'string' && /^[!-~]{1,200}$/.test(path);
}

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
    const seen = new Set<string>();
    for (const [name, path] of given) {
      if (!/^vm(nic|hba)(0|[1-9][0-9]{0,3})$/.test(name)) {
        throw expected('devices.names', 'names such as vmnic0 and vmhba0', name);
      }
      if (!isDevicePath(path))
        throw expected(`devices.names.${name}`, 'the path of a device', path);
      // A card may be both, with one path.
      const place = `${kindOf(name)} ${path}`;
      if (seen.has(place)) throw expected(`devices.names.${name}`, 'each path once', path);
      seen.add(place);
    }
    return { names: Object.fromEntries(given) as Record<string, string> };
  },
});

/**
 * The names of what there is and was: a device that was seen before keeps its name, also while it is not there; a new one gets
 * a number by {@link numberNew}. `paths` are those that are there now. `changed` is false where all were known.
 */
export function nameDevices(
  known: DeviceNames,
  kind: DeviceKind,
  paths: readonly string[],
): DeviceNames & { readonly changed: boolean } {
  const names = new Map(Object.entries(known.names));
  const own = (): [string, string][] => [...names].filter(([name]) => kindOf(name) === kind);
  const given = new Set(own().map(([, path]) => path));
  const present = new Set(paths);
  const fresh = [...present].filter((path) => !given.has(path)).map((path) => ({ path }));
  const used = own().map(([name]) => Number(name.slice(kind.length)));
  for (const [{ path }, number] of numberNew(fresh, used)) names.set(`${kind}${number}`, path);
  const absent = own().filter(([, path]) => !present.has(path));
  const excess = Math.max(0, own().length - mostOfKind);
  for (const [name] of absent.slice(0, excess)) names.delete(name);
  return { names: Object.fromEntries(names), changed: fresh.length > 0 };
}

function kindOf(name: string): DeviceKind | undefined {
  return kinds.find((kind) => name.startsWith(kind));
}

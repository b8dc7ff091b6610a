import { numberNew } from './device-numbers.ts';
import { type KeptNames, parseKeptNames } from './kept-names.ts';
import { jsonSetting } from './setting-row.ts';

/**
 * What the system calls its devices: network cards `vmnicN`, controllers of disks `vmhbaN`. The path of each by its name: where it is plugged
 * in, such as `pci0000:00/1c.0/00.0`.
 */
export type DeviceNames = KeptNames;

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
  parse: (value) =>
    parseKeptNames(value, {
      place: 'devices',
      most,
      isName: (name) => /^vm(nic|hba)(0|[1-9][0-9]{0,3})$/.test(name),
      nameText: 'names such as vmnic0 and vmhba0',
      isOwner: isDevicePath,
      ownerText: 'the path of a device',
      ownerWord: 'path',
      // A card may be both, with one path.
      kindOf,
    }),
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

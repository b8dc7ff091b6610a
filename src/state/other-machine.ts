import { fullNetwork, namedUplinks } from './network-settings.ts';
import type { Settings } from './setting-rows.ts';

/** What a machine has that settings name; undefined: nobody can know, as the host does not run. */
export interface MachineParts {
  /** Its own names, as of {@link machineSettings}. */
  readonly own: OwnNames;
  readonly uplinks?: readonly string[];
  /** Controllers of disks such as `vmhba0`. */
  readonly controllers?: readonly string[];
  readonly datastores?: readonly { readonly name: string; readonly uuid: string }[];
  /** What its agents listen at. */
  readonly listeners?: readonly string[];
}

/** What a device or a datastore is called belongs to the machine that it is in. */
const machineSettings = ['devices', 'datastoreNames'] as const;
type OwnNames = Partial<Pick<Settings, (typeof machineSettings)[number]>>;

/** The names that a machine's own settings have. */
export function ownNames(settings: Partial<Settings>): OwnNames {
  const own = machineSettings.map((name) => [name, settings[name]] as const);
  return Object.fromEntries(own.filter(([, value]) => value !== undefined));
}

/** The settings of a state as a machine takes them: with its own names, or none, whatever the other one called its parts. */
export function forMachine(settings: Partial<Settings>, own: OwnNames): Partial<Settings> {
  const { devices: _devices, datastoreNames: _datastores, ...others } = settings;
  return { ...others, ...own };
}

/**
 * What of a state a machine cannot do, as it has other parts than the one that it comes from; one sentence each. It is restored as it is and
 * not guessed: whoever restores it says what it is to be here.
 */
export function notApplied(settings: Partial<Settings>, here: MachineParts): string[] {
  return [
    ...missingUplinks(settings, here),
    ...missingListeners(settings, here),
    ...otherDevices(settings, here),
    ...missingDatastores(settings, here),
  ];
}

const unused = 'what is set for it is not used until it is set anew';

function missingUplinks({ network }: Partial<Settings>, { uplinks }: MachineParts): string[] {
  if (!network || !uplinks) return [];
  const only = uplinks.join(', ') || 'none';
  const named = namedUplinks(network).filter(({ uplink }) => !uplinks.includes(uplink));
  const full = fullNetwork(network);
  // A switch that was to have uplinks and has none of them reaches nobody outside; one without any was meant so.
  const dead = full.vSwitches.filter(
    (one) => one.uplinks.length > 0 && !one.uplinks.some((uplink) => uplinks.includes(uplink)),
  );
  const cutOff = dead.flatMap(({ name: vSwitch }) => {
    const groups = full.portGroups.filter((one) => one.vSwitch === vSwitch).map(({ name }) => name);
    const cut = full.interfaces.filter(({ portGroup }) => groups.includes(portGroup));
    return cut.map(({ name }) => {
      const why = `its switch ${vSwitch} has none of its uplinks here`;
      return `network.interfaces ${name}: ${why}, so that its addresses are reached by nobody`;
    });
  });
  return [
    ...named.map(
      ({ place, given }) => `${place}: this host has no ${given}, only ${only}; ${unused}`,
    ),
    ...cutOff,
  ];
}

function missingListeners({ listeners }: Partial<Settings>, here: MachineParts): string[] {
  const known = here.listeners;
  if (!listeners || !known) return [];
  const missing = Object.keys(listeners).filter((name) => !known.includes(name));
  return missing.map((name) => `listeners.${name}: no agent of this host listens so; ${unused}`);
}

/** Names of devices that are not here, or are of another place here. */
function otherDevices({ devices }: Partial<Settings>, here: MachineParts): string[] {
  const own = here.own.devices?.names ?? {};
  const present = here.uplinks && here.controllers && [...here.uplinks, ...here.controllers];
  return Object.entries(devices?.names ?? {}).flatMap(([name, path]) => {
    const isHere = present ? present.includes(name) : own[name] !== undefined;
    if (!isHere) return [`devices: this host has no ${name} (it was ${path})`];
    if (own[name] === path || own[name] === undefined) return [];
    return [`devices: ${name} is ${own[name]} here (it was ${path})`];
  });
}

function missingDatastores(
  { datastoreNames, resources }: Partial<Settings>,
  { own, datastores }: MachineParts,
): string[] {
  const uuids =
    datastores?.map(({ uuid }) => uuid) ?? Object.values(own.datastoreNames?.names ?? {});
  const lost = Object.entries(datastoreNames?.names ?? {}).flatMap(([name, uuid]) =>
    uuids.includes(uuid) ? [] : [`datastores: this host has no ${name} (it was ${uuid})`],
  );
  const swap = typeof resources?.swap === 'object' ? resources.swap.datastore : undefined;
  const hasSwap = !datastores || datastores.some(({ name }) => name === swap);
  if (swap === undefined || hasSwap) return lost;
  return [...lost, `resources.swap.datastore: this host has no ${swap}; ${unused}`];
}

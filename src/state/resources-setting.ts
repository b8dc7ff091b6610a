import { jsonSetting } from './setting-row.ts';
import { expected, membersOf, wholeNumber } from './setting-value.ts';

/** What an administrator gives a pool; what is left out is as the recipe says, and a limit that is null is none. */
export interface PoolSettings {
  /** Processor time in relation to the other pool's, where both want it. */
  readonly cpuWeight?: number;
  /** At most the time of so many processors. */
  readonly processors?: number | null;
  /** Bytes that nobody takes from the pool while it uses them. */
  readonly memoryReserved?: number;
  /** Bytes that it takes at most. */
  readonly memoryMax?: number | null;
}

/** Where the swap file of worlds is: on the scratch partition, on a datastore that is named, or nowhere. */
export type SwapPlace = 'scratch' | 'none' | { readonly datastore: string };

/** How the machine is shared (docs/worlds.md#pools). */
export interface ResourcesSettings {
  readonly system?: PoolSettings;
  readonly vm?: PoolSettings;
  /** Without: the scratch partition, where there is one. */
  readonly swap?: SwapPlace;
}

const mib = 2 ** 20;
const most = 2 ** 40;
/** With less vmkd, which is never ended for its memory, could not go on; virtual machines end among themselves. */
const leastMemory = { system: 256 * mib, vm: 4 * mib };

export const resources = jsonSetting<ResourcesSettings>('etc/vmware/resources.json', {
  parse: (value) => {
    const { system, vm, swap } = membersOf('resources', value, ['system', 'vm', 'swap']);
    return {
      ...(system !== undefined && { system: parsePool('system', system) }),
      ...(vm !== undefined && { vm: parsePool('vm', vm) }),
      ...(swap !== undefined && { swap: parsePlace(swap) }),
    };
  },
  initial: {},
});

function parsePool(name: keyof typeof leastMemory, value: unknown): PoolSettings {
  const place = `resources.${name}`;
  const names = ['cpuWeight', 'processors', 'memoryReserved', 'memoryMax'] as const;
  const given = membersOf(place, value, names);
  const number = (member: keyof PoolSettings, least: number, largest: number) => {
    const found = given[member];
    if (found === undefined) return {};
    return { [member]: wholeNumber(`${place}.${member}`, found, least, largest) };
  };
  const limit = (member: 'processors' | 'memoryMax', least: number, largest: number) =>
    given[member] === null ? { [member]: null } : number(member, least, largest);
  return {
    ...number('cpuWeight', 1, 10_000),
    ...limit('processors', 1, 1024),
    ...number('memoryReserved', 0, most),
    ...limit('memoryMax', leastMemory[name], most),
  };
}

function parsePlace(value: unknown): SwapPlace {
  if (value === 'scratch' || value === 'none') return value;
  if (typeof value !== 'object') {
    throw expected('resources.swap', 'scratch, none or an object with datastore', value);
  }
  const { datastore } = membersOf('resources.swap', value, ['datastore']);
  if (typeof datastore === 'string' && /^[ -~]{1,64}$/.test(datastore)) return { datastore };
  throw expected(
    'resources.swap.datastore',
    "a datastore's name of at most 64 characters",
    datastore,
  );
}

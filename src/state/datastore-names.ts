import { jsonSetting } from './setting-row.ts';
import { expected, membersOf } from './setting-value.ts';

/** What the host calls its datastores. */
export interface DatastoreNames {
  /** The UUID of each by its name. */
  readonly names: Readonly<Record<string, string>>;
}

/** More than any host has; what has gone long ago is forgotten first. */
const most = 128;
const longest = 80;

/** A name is a link beside others, and goes to consoles. */
export function isDatastoreName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length <= longest &&
    /^[ -~]+$/.test(name) &&
    !name.includes('/') &&
    !/^\.*$/.test(name)
  );
}

/** vmkd itself writes it, so that a datastore keeps its name while another with the same label comes and goes. */
export const datastoreNames = jsonSetting<DatastoreNames>('etc/vmware/datastores.json', {
  ownMethods: true,
  parse: (value) => {
    const { names } = membersOf('datastores', value, ['names']);
    if (typeof names !== 'object' || names === null || Array.isArray(names)) {
      throw expected('datastores.names', 'an object', names);
    }
    const given = Object.entries(names as Record<string, unknown>);
    if (given.length > most) throw expected('datastores.names', `at most ${most}`, given.length);
    const seen = new Set<string>();
    for (const [name, uuid] of given) {
      if (!isDatastoreName(name))
        throw expected('datastores.names', 'the name of a datastore', name);
      if (typeof uuid !== 'string' || !/^[0-9a-f-]{1,36}$/.test(uuid)) {
        throw expected(`datastores.names.${name}`, 'a UUID', uuid);
      }
      if (seen.has(uuid)) throw expected(`datastores.names.${name}`, 'each UUID once', uuid);
      seen.add(uuid);
    }
    return { names: Object.fromEntries(given) as Record<string, string> };
  },
});

/** A datastore that was found: its UUID, and the label that its file system has. */
export interface FoundDatastore {
  readonly uuid: string;
  readonly label: string;
}

/**
 * The name of a datastore, and the names of all that there are and were. It is its label; where another one has that, it gets a number in
 * brackets, as in the original. One that was seen before keeps its name unless its label is another one by now. `present` are the UUIDs of
 * those that are there.
 */
export function nameDatastore(
  known: DatastoreNames,
  { uuid, label }: FoundDatastore,
  present: readonly string[] = [],
): DatastoreNames & { readonly name: string; readonly changed: boolean } {
  const plain = plainName(label);
  const names = new Map(Object.entries(known.names));
  const [held] = [...names].find(([, one]) => one === uuid) ?? [];
  const isFor = (name: string): boolean =>
    name === plain ||
    (name.startsWith(`${plain} (`) && /^ \(\d+\)$/.test(name.slice(plain.length)));
  if (held !== undefined && isFor(held)) return { ...known, name: held, changed: false };
  if (held !== undefined) names.delete(held);
  let name = plain;
  for (let copy = 1; names.has(name); copy++) name = `${plain} (${copy})`;
  names.set(name, uuid);
  const absent = [...names].filter(([, one]) => one !== uuid && !present.includes(one));
  for (const [old] of absent.slice(0, Math.max(0, names.size - most))) names.delete(old);
  return { names: Object.fromEntries(names), name, changed: true };
}

/** A label may be anybody's text. */
function plainName(label: string): string {
  const name = label.replace(/[^ -~]|\//g, '-').slice(0, longest - ' (256)'.length);
  return isDatastoreName(name) ? name : 'datastore';
}

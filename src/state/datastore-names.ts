import { type KeptNames, parseKeptNames } from './kept-names.ts';
import { jsonSetting } from './setting-row.ts';

/** What the host calls its datastores: the UUID of each by its name. */
export type DatastoreNames = KeptNames;

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
  parse: (value) =>
    parseKeptNames(value, {
      place: 'datastores',
      most,
      isName: isDatastoreName,
      nameText: 'the name of a datastore',
      isOwner: (uuid): uuid is string => typeof uuid === 'string' && /^[0-9a-f-]{1,36}$/.test(uuid),
      ownerText: 'a UUID',
      ownerWord: 'UUID',
    }),
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

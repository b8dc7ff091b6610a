import { isDatastoreName } from './datastore-names.ts';
import { jsonSetting } from './setting-row.ts';
import { each, expected, isHost, membersOf, wholeNumber } from './setting-value.ts';

/** A datastore that is a folder of an NFS server. */
export interface NfsDatastore {
  readonly name: string;
  /** A host name or an IPv4 address. */
  readonly server: string;
  readonly port: number;
  /** What the server exports, such as `/store`. */
  readonly path: string;
  readonly readOnly: boolean;
}

export interface NfsSettings {
  readonly datastores: readonly NfsDatastore[];
}

/** So that all of them fit a slot beside everything else. */
const most = 32;
const standardPort = 2049;

/** One from what somebody gave. Throws `setting.value` (kind `corrupt`), one sentence. */
export function parseNfsDatastore(value: unknown, place: string): NfsDatastore {
  const given = membersOf(place, value, ['name', 'server', 'port', 'path', 'readOnly']);
  const { name, server, port = standardPort, path, readOnly = false } = given;
  if (!isDatastoreName(name)) {
    throw expected(`${place}.name`, 'at most 80 characters of ASCII without /', name);
  }
  // Busybox's mount takes what stands before the first colon for the server.
  if (!isHost(server) || server.includes(':')) {
    throw expected(`${place}.server`, 'a host name or an IPv4 address', server);
  }
  if (typeof path !== 'string' || !/^\/[ -~]{0,254}$/.test(path)) {
    throw expected(`${place}.path`, 'an absolute path of at most 255 characters of ASCII', path);
  }
  if (typeof readOnly !== 'boolean') {
    throw expected(`${place}.readOnly`, 'true or false', readOnly);
  }
  return { name, server, port: wholeNumber(`${place}.port`, port, 1, 65_535), path, readOnly };
}

export const nfs = jsonSetting<NfsSettings>('etc/vmware/nfs.json', {
  ownMethods: true,
  parse: (value) => {
    const { datastores = [] } = membersOf('nfs', value, ['datastores']);
    const parsed = each('nfs.datastores', datastores, most, parseNfsDatastore);
    for (const [index, one] of parsed.entries()) {
      const earlier = parsed.slice(0, index);
      const place = `nfs.datastores[${index}]`;
      if (earlier.some(({ name }) => name === one.name)) {
        throw expected(`${place}.name`, 'each name once', one.name);
      }
      if (earlier.some((other) => sourceOf(other) === sourceOf(one))) {
        throw expected(`${place}.path`, 'each folder of a server once', sourceOf(one));
      }
    }
    return { datastores: parsed };
  },
});

/** For people, and to tell one from another: `10.0.2.2:/store`. */
export function sourceOf({ server, port, path }: NfsDatastore): string {
  return `${server}${port === standardPort ? '' : ` port ${port}`}:${path}`;
}

import { addressBytes, isNetwork, sameNet } from './ip-address.ts';
import { jsonSetting } from './setting-row.ts';
import { expected, listOf, membersOf } from './setting-value.ts';

/** What an administrator has set of one listener. */
export interface ListenerRule {
  readonly enabled: boolean;
  /** Addresses and networks of both families; without it everybody may connect. */
  readonly allowed?: readonly string[];
}

/** By the names that agents' rows give to their listeners; one that is not named is on, for everybody. */
export type ListenerSettings = Readonly<Record<string, ListenerRule>>;

const mostListeners = 64;
const mostAllowed = 64;

/** Which listeners are there is not looked at here: a state may come from a host that has others. */
export const listeners = jsonSetting<ListenerSettings>('etc/vmware/listeners.json', {
  parse: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw expected('listeners', 'an object with a member for each listener', value);
    }
    const given = Object.entries(value);
    if (given.length > mostListeners) {
      throw expected('listeners', `at most ${mostListeners}`, given.length);
    }
    return Object.fromEntries(given.map(([name, rule]) => [nameOf(name), parseRule(name, rule)]));
  },
  initial: {},
});

function nameOf(name: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return name;
  throw expected('listeners', 'names such as https', name);
}

function parseRule(name: string, value: unknown): ListenerRule {
  const place = `listeners.${name}`;
  const { enabled = true, allowed } = membersOf(place, value, ['enabled', 'allowed']);
  if (typeof enabled !== 'boolean') throw expected(`${place}.enabled`, 'true or false', enabled);
  if (allowed === undefined) return { enabled };
  const what = 'an address, or a network such as 10.0.0.0/8 or 2001:db8::/32';
  const list = listOf(`${place}.allowed`, allowed, mostAllowed, what, isPeers);
  if (list.length > 0) return { enabled, allowed: list };
  // It could be meant as nobody, or as no limit.
  throw expected(`${place}.allowed`, 'at least one, or no such member for everybody', 'none');
}

/** IPv4 that is mapped into IPv6 is how sockets show IPv4: as a rule it would never be met. */
function isPeers(value: unknown): value is string {
  if (typeof value !== 'string' || isMapped(value)) return false;
  return addressBytes(value) !== undefined || isNetwork(value);
}

const mappedPrefix = '::ffff:0.0.0.0';

function isMapped(address: string): boolean {
  return sameNet(address.split('/')[0] ?? '', mappedPrefix, 96);
}

/** Whether a peer may connect, by its address as a socket tells it: with a zone, or IPv4 mapped into IPv6. */
export function isAllowed(peer: string, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined) return true;
  const plain = peer.split('%')[0] ?? '';
  const address = isMapped(plain) ? (addressBytes(plain) ?? []).slice(12).join('.') : plain;
  return allowed.some((one) => {
    const [network = '', bits] = one.split('/');
    return sameNet(address, network, bits === undefined ? 128 : Number(bits));
  });
}

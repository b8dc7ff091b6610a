import { isIPv4 } from 'node:net';
import { object, parseJson, text } from '../../../protocol/form.ts';
import { isHostAddress } from '../../../state/ip-address.ts';
import { isHostName } from '../../../state/setting-value.ts';
import type { HeldAddress } from './held-address.ts';

/** What udhcpc tells in a line of its output. */
export type DhcpEvent =
  | { readonly type: 'lease'; readonly lease: HeldAddress }
  /** It begins, or the server has taken the address back. */
  | { readonly type: 'none' }
  /** No server has answered; it goes on asking. */
  | { readonly type: 'silence' }
  /** The address that was offered has another owner. */
  | { readonly type: 'declined' };

/** As many as the settings may have. */
const mostTimeServers = 8;

const eventForm = object({
  event: text,
  address: text,
  prefix: text,
  router: text,
  dns: text,
  search: text,
  timeServers: text,
});

/**
 * What a line says; undefined of what is no news. The lines in JSON are of `/usr/lib/twinbank/dhcp-event`, with what a server sent,
 * so each value is looked at; the others are udhcpc's own.
 */
export function parseDhcpLine(line: string): DhcpEvent | undefined {
  if (line.includes('offered address is in use')) return { type: 'declined' };
  if (!line.startsWith('{')) return undefined;
  let said: ReturnType<typeof eventForm>;
  try {
    said = parseJson(line, eventForm, 'DHCP');
  } catch {
    // A server can send anything as its domain.
    return undefined;
  }
  if (said.event === 'deconfig') return { type: 'none' };
  if (said.event === 'leasefail') return { type: 'silence' };
  const { address } = said;
  const prefix = Number(said.prefix || 24);
  const right = isHostAddress(address) && Number.isInteger(prefix) && prefix >= 1 && prefix <= 32;
  if (!['bound', 'renew'].includes(said.event) || !right) return undefined;
  const [router = ''] = wordsOf(said.router).filter(isHostAddress);
  const dns = wordsOf(said.dns).filter((one) => isIPv4(one));
  const search = wordsOf(said.search).filter(isHostName);
  const timeServers = wordsOf(said.timeServers).filter(isHostAddress).slice(0, mostTimeServers);
  return {
    type: 'lease',
    lease: { from: 'dhcp', address, prefix, router, dns, search, timeServers },
  };
}

function wordsOf(words: string): string[] {
  return words.split(/\s+/).filter(Boolean);
}

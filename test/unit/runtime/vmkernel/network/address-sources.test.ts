import { describe, expect, it } from 'vitest';
import {
  type DhcpClient,
  dhcpAddress,
} from '../../../../../src/runtime/vmkernel/network/dhcp-address.ts';
import {
  type DhcpEvent,
  parseDhcpLine,
} from '../../../../../src/runtime/vmkernel/network/dhcp-event.ts';
import type {
  AddressPort,
  HeldAddress,
} from '../../../../../src/runtime/vmkernel/network/held-address.ts';
import { linkLocalAddress } from '../../../../../src/runtime/vmkernel/network/link-local.ts';
import { staticAddress } from '../../../../../src/runtime/vmkernel/network/static-address.ts';

const mac = '52:54:00:12:34:56';

/** An interface in a network where others have `taken` addresses. */
function network(taken: string[] = []) {
  const waiting: { ms: number; act: () => void }[] = [];
  const seen = { changes: 0, probes: [] as string[], link: true };
  const port: AddressPort = {
    ...{ name: 'vmk0', mac },
    isTaken: async (address) => {
      seen.probes.push(address);
      return taken.includes(address);
    },
    hasLink: () => seen.link,
    changed: () => void seen.changes++,
    after(ms, act) {
      const one = { ms, act };
      waiting.push(one);
      return () => void waiting.splice(waiting.indexOf(one), 1);
    },
  };
  const elapse = (): void => {
    for (const { act } of waiting.splice(0)) act();
  };
  return { port, seen, waiting, elapse, taken };
}
const turns = () => new Promise((done) => setImmediate(done));

describe('an address of the settings', () => {
  const wanted = { address: '10.0.0.5', prefix: 24 };

  it('is taken when nobody else answers for it', async () => {
    const { port, seen } = network();
    const source = staticAddress(wanted, port);
    expect(source.held()).toBeUndefined();
    await source.settled;
    expect(source.held()).toMatchObject({ from: 'static', ...wanted });
    expect(seen).toMatchObject({ changes: 1, probes: ['10.0.0.5'] });
  });

  it('is not taken from another host, which is told, and is tried again', async () => {
    const { port, waiting, elapse, taken } = network(['10.0.0.5']);
    const source = staticAddress(wanted, port);
    await source.settled;
    expect([source.held(), source.problem()]).toEqual([
      undefined,
      '10.0.0.5 is in use by another host, so vmk0 does not take it',
    ]);
    expect(waiting).toMatchObject([{ ms: 60_000 }]);
    taken.pop();
    elapse();
    await turns();
    expect([source.held()?.address, source.problem()]).toEqual(['10.0.0.5', undefined]);
  });

  it('is taken without a cable, and given up when the cable leads to another host that has it', async () => {
    const { port, seen, taken } = network(['10.0.0.5']);
    seen.link = false;
    const source = staticAddress(wanted, port);
    await source.settled;
    expect([source.held()?.address, seen.probes]).toEqual(['10.0.0.5', []]);
    seen.link = true;
    source.linkUp();
    await turns();
    expect([source.held(), taken]).toEqual([undefined, ['10.0.0.5']]);
    await source.stop();
  });
});

describe('an address of DHCP', () => {
  const lease = (address: string): HeldAddress => ({
    ...{ from: 'dhcp', address, prefix: 24, router: '', dns: [], search: [], timeServers: [] },
  });

  function client() {
    const done: string[] = [];
    let tell = (_event: DhcpEvent): void => {};
    const start = (onEvent: typeof tell): DhcpClient => {
      tell = onEvent;
      return { renew: () => void done.push('renew'), stop: async () => void done.push('stop') };
    };
    return { done, start, tell: (event: DhcpEvent) => tell(event) };
  }

  it('is that of the server, until the server takes it back', () => {
    const { port } = network();
    const { start, tell, done } = client();
    const source = dhcpAddress(port, start);
    tell({ type: 'none' });
    tell({ type: 'lease', lease: lease('10.0.2.15') });
    expect(source.held()?.address).toBe('10.0.2.15');
    source.linkUp();
    expect(done).toEqual(['renew']);
    tell({ type: 'none' });
    expect(source.held()).toBeUndefined();
  });

  it('stays over a new start of vmkd, and goes where no server answers any more', async () => {
    const { port } = network();
    const { start, tell } = client();
    const source = dhcpAddress(port, start, lease('10.0.2.15'));
    tell({ type: 'none' });
    expect(source.held()?.address).toBe('10.0.2.15');
    tell({ type: 'silence' });
    await turns();
    expect(source.held()?.from).toBe('link-local');
  });

  it('is a link-local one that nobody has for as long as no server answers', async () => {
    const { port, seen } = network([linkLocalAddress(mac, 0)]);
    const { start, tell } = client();
    const source = dhcpAddress(port, start);
    tell({ type: 'none' });
    tell({ type: 'silence' });
    tell({ type: 'silence' });
    await turns();
    const [first, second] = [0, 1].map((attempt) => linkLocalAddress(mac, attempt));
    expect(seen.probes).toEqual([first, second]);
    expect(source.held()).toMatchObject({ from: 'link-local', address: second, prefix: 16 });
    expect(source.problem()).toBe('no DHCP server answers vmk0');
    tell({ type: 'lease', lease: lease('10.0.2.15') });
    expect([source.held()?.from, source.problem()]).toEqual(['dhcp', undefined]);
  });

  it('waits a minute after ten link-local addresses that others have (RFC 3927, section 9)', async () => {
    const { port, seen, waiting } = network(
      Array.from({ length: 10 }, (_, attempt) => linkLocalAddress(mac, attempt)),
    );
    const { start, tell } = client();
    const source = dhcpAddress(port, start);
    tell({ type: 'silence' });
    await turns();
    expect([seen.probes.length, waiting.map(({ ms }) => ms)]).toEqual([10, [60_000]]);
    await source.stop();
  });

  it('that is offered and has an owner is not taken, and is told', () => {
    const { port } = network();
    const { start, tell } = client();
    const source = dhcpAddress(port, start);
    tell({ type: 'declined' });
    expect([source.held(), source.problem()]).toEqual([
      undefined,
      'the address that DHCP offers vmk0 is in use by another host',
    ]);
  });
});

describe("a line of udhcpc's", () => {
  const line = (more: object) =>
    JSON.stringify({
      ...{ event: 'bound', address: '10.0.2.15', prefix: '24', router: '10.0.2.2 10.0.2.9' },
      ...{ dns: '10.0.2.3', search: 'lab.example', timeServers: '10.0.2.7 10.0.2.8' },
      ...more,
    });

  it('says a lease', () => {
    expect(parseDhcpLine(line({}))).toEqual({
      type: 'lease',
      lease: {
        ...{ from: 'dhcp', address: '10.0.2.15', prefix: 24, router: '10.0.2.2' },
        ...{ dns: ['10.0.2.3'], search: ['lab.example'], timeServers: ['10.0.2.7', '10.0.2.8'] },
      },
    });
    expect(parseDhcpLine(line({ event: 'leasefail' }))).toEqual({ type: 'silence' });
    expect(parseDhcpLine(line({ event: 'deconfig', address: '' }))).toEqual({ type: 'none' });
    const declined = 'udhcpc: offered address is in use (got ARP reply), declining';
    expect(parseDhcpLine(declined)).toEqual({ type: 'declined' });
  });

  it('says nothing where a server sent what is no address, and only the rest where that is right', () => {
    for (const more of [
      { address: '127.0.0.1' },
      { address: '10.0.2' },
      { prefix: '33' },
      { prefix: 'x' },
      { event: 'nak' },
      { event: 7 },
    ]) {
      expect(parseDhcpLine(line(more)), JSON.stringify(more)).toBeUndefined();
    }
    expect(parseDhcpLine('{"event":"bound","address":"')).toBeUndefined();
    expect(parseDhcpLine('udhcpc: broadcasting discover')).toBeUndefined();
    const wrong = {
      router: '0.0.0.0',
      dns: 'x 10.0.2.4',
      search: 'a;b c.d',
      timeServers: '224.0.1.1 1.2.3.4',
    };
    expect(parseDhcpLine(line(wrong))).toMatchObject({
      lease: { router: '', dns: ['10.0.2.4'], search: ['c.d'], timeServers: ['1.2.3.4'] },
    });
  });
});

it('chooses link-local addresses between 169.254.1.0 and 169.254.254.255, the same ones each time', () => {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const [a, b, c = 0, d = 256] = linkLocalAddress(mac, attempt).split('.').map(Number);
    expect([a, b, c >= 1 && c <= 254, d >= 0 && d <= 255]).toEqual([169, 254, true, true]);
  }
  expect(linkLocalAddress(mac.toUpperCase(), 3)).toBe(linkLocalAddress(mac, 3));
});

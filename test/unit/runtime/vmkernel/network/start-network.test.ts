import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HostAddress } from '../../../../../src/runtime/vmkernel/network/host-addresses.ts';
import {
  reportAddress,
  startNetwork,
} from '../../../../../src/runtime/vmkernel/network/start-network.ts';
import { fullNetwork, type NetworkSettings } from '../../../../../src/state/network-settings.ts';
import { keptNames } from '../../../../support/device-namer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lease = { interface: 'vmk0', address: '10.0.2.15', prefix: 24, router: '', dns: '' };
const found: HostAddress = { interface: 'vmk0', address: '2001:db8::5', prefix: 64 };
const simple = fullNetwork();
/** Nothing but IPv6. */
const ipv6Only: NetworkSettings = {
  ...simple,
  interfaces: simple.interfaces.map((one) => ({ ...one, ipv4: { mode: 'none' } })),
};

/** A host that starts with these settings; `news` is what the kernel tells of addresses. */
async function start(network: NetworkSettings) {
  const said: string[] = [];
  const asked: number[] = [];
  let addresses: readonly HostAddress[] = [];
  const heard: (() => void)[] = [];
  const port = {
    console: {
      stage: (name: string, detail: string) => void said.push(`${name}: ${detail}`),
      line: (text: string) => void said.push(text),
    },
    setHostName: async () => undefined,
    findControllers: () => [],
    openNetwork: () => ({
      ...{ uplinks: () => ['vmnic0'], start: async () => {}, configure: async () => undefined },
      ...{ settings: () => simple, problems: () => [] },
      onAddresses: (listener: () => void) => void heard.push(listener),
    }),
    firstLease: async (timeoutMs: number) => {
      asked.push(timeoutMs);
      return lease;
    },
    addresses6: () => addresses,
  };
  const started = await startNetwork(port, { network }, keptNames().start());
  const over = reportAddress(port, started);
  return {
    ...{ said, asked, over },
    news(now: readonly HostAddress[]): void {
      addresses = now;
      for (const look of heard) look();
    },
  };
}

it('waits for a lease where an interface asks for IPv4', async () => {
  const { over, said, asked } = await start({ mode: 'dhcp' });
  await over;
  expect([said, asked]).toEqual([['network: vmk0 10.0.2.15/24'], [15_000]]);
});

it('waits for the first IPv6 address where none does, and for no lease', async () => {
  const { over, said, asked, news } = await start(ipv6Only);
  news([]);
  await vi.advanceTimersByTimeAsync(14_000);
  expect(said).toEqual([]);
  news([found]);
  await over;
  expect([said, asked]).toEqual([['network: vmk0 2001:db8::5/64'], []]);
});

it('says of a host without IPv4 that it has no address when no router has told one in time', async () => {
  const { over, said } = await start(ipv6Only);
  await vi.advanceTimersByTimeAsync(15_000);
  await over;
  expect(said).toEqual(['network: no address on 1 interfaces']);
});

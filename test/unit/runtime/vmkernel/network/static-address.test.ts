import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentLeases } from '../../../../../src/runtime/vmkernel/network/network.ts';
import { setStaticAddress } from '../../../../../src/runtime/vmkernel/network/static-address.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fixed = { mode: 'static', address: '10.1.2.3', prefix: 24, dns: ['1.1.1.1', '::1'] } as const;

/** What was run, and what became of it; `fails` is the first word of a command that does. */
async function set(settings: Parameters<typeof setStaticAddress>[1], fails = 'none') {
  const commands: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    commands.push([program, ...args].join(' '));
    return args[0] === fails
      ? { code: 2, output: 'RTNETLINK answers: no' }
      : { code: 0, output: '' };
  };
  const resolvConf = join(folder, 'resolv.conf');
  const leaseFile = (name: string) => join(folder, `${name}.json`);
  const why = await setStaticAddress(['eth0', 'eth1'], settings, leaseFile, { run, resolvConf });
  return { why, commands };
}

describe('a static address', () => {
  it('is given to the interface that is named, with its router and name servers', async () => {
    const { why, commands } = await set({ ...fixed, interface: 'eth1', router: '10.1.2.1' });
    expect(why).toBeUndefined();
    expect(commands).toEqual([
      '/sbin/ip addr replace 10.1.2.3/24 dev eth1',
      '/sbin/ip route replace default via 10.1.2.1 dev eth1',
    ]);
    expect(readFileSync(join(folder, 'resolv.conf'), 'utf8')).toBe(
      'nameserver 1.1.1.1\nnameserver ::1\n',
    );
    expect(readdirSync(folder).sort()).toEqual(['eth1.json', 'resolv.conf']);
  });

  it('is known as one that a DHCP client got is', async () => {
    await set(fixed);
    rmSync(join(folder, 'resolv.conf'));
    expect(currentLeases(folder)).toEqual([
      { interface: 'eth0', address: '10.1.2.3', prefix: 24, router: '', dns: '1.1.1.1 ::1' },
    ]);
  });

  it('is given to nobody where the interface is not there, which is said', async () => {
    const { why, commands } = await set({ ...fixed, interface: 'eth9' });
    expect(why).toBe('network.interface: expected one of eth0, eth1, found eth9');
    expect([commands, readdirSync(folder)]).toEqual([[], []]);
  });

  it.each(['addr', 'route'])(
    'that the system does not take (%s) is not told as held',
    async (fails) => {
      const { why } = await set({ ...fixed, router: '10.1.2.1' }, fails);
      expect(why).toMatch(new RegExp(`^ip ${fails} replace .*: RTNETLINK answers: no$`));
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});

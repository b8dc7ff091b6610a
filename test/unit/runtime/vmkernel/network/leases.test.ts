import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldAddress } from '../../../../../src/runtime/vmkernel/network/held-address.ts';
import {
  adoptedLease,
  currentLeases,
  learntTimeServers,
  writeLeases,
} from '../../../../../src/runtime/vmkernel/network/leases.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lease = { interface: 'vmk0', address: '10.0.2.15', prefix: 24, router: '', dns: '' };
const held: HeldAddress = {
  ...{ from: 'dhcp', address: '10.0.2.15', prefix: 24, router: '10.0.2.2' },
  ...{ dns: ['10.0.2.3', '10.0.2.4'], search: ['lab.example'] },
  timeServers: ['10.0.2.7'],
};
const shown = ({ router, dns }: HeldAddress) => ({ router, dns: dns.join(' ') });

describe('leases', () => {
  it('are those that are whole and not being written', () => {
    expect(currentLeases(join(folder, 'none'))).toEqual([]);
    writeFileSync(join(folder, 'vmk0.json'), JSON.stringify(lease));
    writeFileSync(join(folder, '.vmk1'), JSON.stringify(lease));
    writeFileSync(join(folder, '.vmk2.json'), '{');
    writeFileSync(join(folder, 'vmk3.json'), '{');
    expect(currentLeases(folder)).toEqual([lease]);
  });

  it('are what is held, and nothing that was held before', () => {
    writeLeases(
      new Map([
        ['vmk0', held],
        ['vmk1', { ...held, from: 'static' }],
      ]),
      shown,
      folder,
    );
    expect(currentLeases(folder)).toEqual([
      { ...lease, router: '10.0.2.2', dns: '10.0.2.3 10.0.2.4' },
      { ...lease, interface: 'vmk1', router: '10.0.2.2', dns: '10.0.2.3 10.0.2.4' },
    ]);
    writeLeases(new Map([['vmk1', { ...held, from: 'static' }]]), shown, folder);
    expect(readdirSync(folder)).toEqual(['vmk1.json']);
  });

  it('P7: of DHCP name time servers, of each interface once, and the settings of an interface none', () => {
    const other = { ...held, timeServers: ['10.0.3.7', '10.0.2.7'] };
    const all = {
      vmk1: other,
      vmk0: held,
      vmk2: { ...held, from: 'static', timeServers: ['1.2.3.4'] },
    };
    writeLeases(new Map(Object.entries(all) as [string, HeldAddress][]), shown, folder);
    writeFileSync(join(folder, 'vmk4.json'), '{');
    expect(learntTimeServers(folder)).toEqual(['10.0.2.7', '10.0.3.7']);
    expect(learntTimeServers(join(folder, 'none'))).toEqual([]);
  });

  it('of DHCP are asked for again by a vmkd that is started again, and no others', () => {
    writeLeases(
      new Map([
        ['vmk0', held],
        ['vmk1', { ...held, from: 'static' }],
      ]),
      shown,
      folder,
    );
    writeFileSync(join(folder, 'vmk2.json'), '{');
    expect(adoptedLease('vmk0', folder)).toEqual(held);
    for (const name of ['vmk1', 'vmk2', 'vmk3']) expect(adoptedLease(name, folder)).toBeUndefined();
  });
});

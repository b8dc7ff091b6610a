import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { currentLeases } from '../../../../../src/runtime/vmkernel/network/network.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('leases are those that are whole and not being written', () => {
  expect(currentLeases(join(folder, 'none'))).toEqual([]);
  mkdirSync(join(folder, 'leases'));
  const lease = { interface: 'eth0', address: '10.0.2.15', prefix: 24, router: '', dns: '' };
  writeFileSync(join(folder, 'leases/eth0.json'), JSON.stringify(lease));
  writeFileSync(join(folder, 'leases/.eth1'), JSON.stringify(lease));
  writeFileSync(join(folder, 'leases/.eth2.json'), '{');
  writeFileSync(join(folder, 'leases/eth3.json'), '{');
  expect(currentLeases(join(folder, 'leases'))).toEqual([lease]);
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileDevice } from '../../../../../src/disk/file-device.ts';
import type { StateKeeper } from '../../../../../src/hostcore/state-keeper.ts';
import { hostState } from '../../../../../src/runtime/vmkernel/state/host-state.ts';
import type { Settings } from '../../../../../src/state/setting-rows.ts';
import { readBankState } from '../../../../../src/state/slots-of-bank.ts';
import { startsFrom } from '../../../hostcore/starts-from.ts';
import { type StateBank, stateBank } from '../../../state/state-bank.ts';

export type BankNumber = 5 | 6;

/** A host with two banks in files, whose files in memory are made anew at each boot. */
export interface StateHost {
  /** Boots a bank: fresh files, nothing remembered. */
  boot(bank: BankNumber): { keeper: StateKeeper; root: string; reports: string[] };
  /** A vmkd that is started again in the same boot. */
  again(bank: BankNumber, root: string): { keeper: StateKeeper; reports: string[] };
  /** Changes a bank where it lies on the disk. */
  change(bank: BankNumber, how: (bank: StateBank) => void): void;
  bytes(bank: BankNumber): Buffer;
  /** What a bank would start from: `generation 3 of bank 5`, and what it says. */
  startsFrom(bank: BankNumber): { from: string; settings: Partial<Settings> } | undefined;
  /** What happens when the caches are dropped; nothing unless it is set. */
  onDrop: (path: string) => Promise<void>;
  /** Of the next boots. */
  lockTimeoutMs: number;
  remove(): void;
}

export function stateHost(): StateHost {
  const folder = mkdtempSync(join(tmpdir(), 'state-'));
  const path = (bank: BankNumber) => join(folder, `bank${bank}.img`);
  const other = (bank: BankNumber): BankNumber => (bank === 5 ? 6 : 5);
  const banks = { 5: stateBank(), 6: stateBank() };
  for (const bank of [5, 6] as const) writeFileSync(path(bank), banks[bank].bytes);
  let boots = 0;
  const keeperOf = (bank: BankNumber, root: string) => {
    const reports: string[] = [];
    const keeper = hostState({
      bank: { number: bank, device: path(bank) },
      other: { number: other(bank), device: path(other(bank)) },
      report: (why) => void reports.push(why),
      root,
      memo: join(root, 'memo.json'),
      dropCaches: (device) => host.onDrop(device),
      lockTimeoutMs: host.lockTimeoutMs,
    });
    return { keeper, reports };
  };
  const stateOf = (bank: BankNumber) => {
    const device = openFileDevice(path(bank));
    try {
      return readBankState(device);
    } finally {
      device.close();
    }
  };
  const host: StateHost = {
    boot(bank) {
      const root = join(folder, `boot${boots++}`);
      mkdirSync(join(root, 'etc'), { recursive: true });
      writeFileSync(join(root, 'etc/hostname'), 'localhost\n');
      writeFileSync(join(root, 'etc/shadow'), 'root:!:::::::\ndcui:!:::::::\n');
      return { ...keeperOf(bank, root), root };
    },
    again: keeperOf,
    change(bank, how) {
      readFileSync(path(bank)).copy(banks[bank].bytes);
      how(banks[bank]);
      writeFileSync(path(bank), banks[bank].bytes);
    },
    bytes: (bank) => readFileSync(path(bank)),
    startsFrom(bank) {
      const numbered = (number: BankNumber) => ({ number, state: stateOf(number) });
      return startsFrom(numbered(bank), numbered(other(bank)));
    },
    onDrop: async () => {},
    lockTimeoutMs: 20_000,
    remove: () => rmSync(folder, { recursive: true }),
  };
  return host;
}

import type { HostBanks, LiveConfiguration } from '../../../src/hostcore/host-port.ts';
import { mutex } from '../../../src/hostcore/mutex.ts';
import { type StateKeeper, stateKeeper } from '../../../src/hostcore/state-keeper.ts';
import type { StateMemo } from '../../../src/hostcore/state-memo.ts';
import { type Settings, settingNames, settingRows } from '../../../src/state/setting-rows.ts';
import { filesOfSettings, settingsOf } from '../../../src/state/settings.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { type StateBank, stateBank } from '../state/state-bank.ts';
import { startsFrom } from './starts-from.ts';

export type BankNumber = 5 | 6;

/** What runs on a host until the power goes: a configuration in memory, and what keeps it. */
export interface MemoryBoot {
  readonly keeper: StateKeeper;
  readonly configuration: LiveConfiguration;
  /** The configuration's files; what is put here is changed past vmkd. */
  readonly files: Map<string, Uint8Array>;
  readonly reports: string[];
  /** What starts vmkd again in the same boot. */
  readonly memo: { read(): StateMemo | undefined; write(memo: StateMemo): void };
}

/** A host with two banks in memory. */
export interface MemoryHost {
  readonly banks: Readonly<Record<BankNumber, StateBank>>;
  readonly withBankLock: ReturnType<typeof mutex>;
  /** Boots a bank: nothing is remembered. */
  boot(bank: BankNumber | undefined): MemoryBoot;
  /** A vmkd that is started again in the same boot. */
  again(bank: BankNumber, boot: MemoryBoot): MemoryBoot;
  /** What a bank would start from: `generation 3 of bank 5`, and what it says. */
  startsFrom(bank: BankNumber): { from: string; settings: Partial<Settings> } | undefined;
  /** What happens when the caches are dropped; nothing unless it is set. */
  onDrop: () => Promise<void>;
  /** How long a save waits for the banks; for ever unless it is set. */
  lockTimeout: () => Promise<void>;
}

export function memoryHost(): MemoryHost {
  const banks = { 5: stateBank(), 6: stateBank() };
  const other = (bank: BankNumber): BankNumber => (bank === 5 ? 6 : 5);
  const withBankLock = mutex();
  const pairOf = (number: BankNumber): HostBanks => ({
    number,
    otherNumber: other(number),
    withPair: (use) =>
      withBankLock(() =>
        use({
          bank: banks[number].device,
          other: banks[other(number)].device,
          dropCaches: () => host.onDrop(),
        }),
      ),
  });
  const run = (
    bank: BankNumber | undefined,
    { files, memo }: Pick<MemoryBoot, 'files' | 'memo'>,
  ): MemoryBoot => {
    const reports: string[] = [];
    const filesNow = () => [...files].map(([path, bytes]) => ({ path, bytes }));
    const configuration: LiveConfiguration = {
      read: () => settingsOf(filesNow()),
      write(settings) {
        const all = { ...settingsOf(filesNow()).settings, ...settings };
        const given = settingNames.filter((name) => settings[name] !== undefined);
        for (const name of given) {
          for (const path of Object.keys(settingRows[name].files)) files.delete(path);
        }
        for (const { path, bytes } of filesOfSettings(all)) files.set(path, bytes);
      },
      carry(carried) {
        for (const { path } of settingsOf(filesNow()).carried) files.delete(path);
        for (const { path, bytes } of carried) files.set(path, bytes);
      },
    };
    const keeper = stateKeeper({
      banks: bank && pairOf(bank),
      configuration,
      memo,
      report: (why) => void reports.push(why),
      lockTimeout: () => host.lockTimeout(),
    });
    return { keeper, configuration, files, reports, memo };
  };
  const host: MemoryHost = {
    banks,
    withBankLock,
    boot(bank) {
      let memo: StateMemo | undefined;
      const files = new Map<string, Uint8Array>([
        ['etc/hostname', Buffer.from('localhost\n')],
        ['etc/shadow', Buffer.from('root:!:::::::\n')],
      ]);
      const place = {
        read: () => memo,
        write: (next: StateMemo) => {
          memo = next;
        },
      };
      return run(bank, { files, memo: place });
    },
    again: run,
    startsFrom(bank) {
      const stateOf = (number: BankNumber) => readBankState(banks[number].device);
      const numbered = (number: BankNumber) => ({ number, state: stateOf(number) });
      return startsFrom(numbered(bank), numbered(other(bank)));
    },
    onDrop: async () => {},
    lockTimeout: () => new Promise(() => {}),
  };
  return host;
}

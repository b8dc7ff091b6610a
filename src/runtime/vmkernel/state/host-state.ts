import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { LiveConfiguration } from '../../../hostcore/host-port.ts';
import { type SettingsPort, settingsMethods } from '../../../hostcore/settings-service.ts';
import {
  defaultLockTimeoutMs,
  type StateKeeper,
  type StatePort,
  stateKeeper,
} from '../../../hostcore/state-keeper.ts';
import { emptyMemo, parseMemo, type StateMemo } from '../../../hostcore/state-memo.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { type BankPlace, bankPair } from '../boot/bank-pair.ts';
import {
  protectShadow,
  readConfiguration,
  writeCarried,
  writeConfiguration,
} from './configuration.ts';
import { effectiveSettings } from './effective-settings.ts';
import { assertRoomForSettings } from './settings-room.ts';

export interface StatePlaces {
  /** The bank that runs, and the other one; undefined where no disk has it. */
  readonly bank: BankPlace | undefined;
  readonly other: BankPlace | undefined;
  /** Hears what could not be done, one sentence. */
  report(why: string): void;
  /** Where the files of the running system are; default `/`. */
  readonly root?: string;
  /** A file with what a vmkd that is started again has to know; it goes with the power. */
  readonly memo?: string;
  /** As of `confirmRunningBank`. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** As of `BankGuard.assert`. */
  readonly assertOnlyBank?: () => void;
  /** As of `BankPlaces`. */
  readonly onClosed?: (device: string) => void;
  /** Of a save that waits for the banks; default {@link defaultLockTimeoutMs}. */
  readonly lockTimeoutMs?: number;
}

/** Keeps the state of the running system: its files, its memo and its banks. */
export function hostState(places: StatePlaces): StateKeeper {
  return stateKeeper(statePort(places));
}

/** The methods by which the files of the running system are seen and changed. */
export function hostSettings({
  root,
  ...port
}: Omit<SettingsPort, 'configuration' | 'effective'> & {
  readonly root?: string;
}): Readonly<Record<string, Method>> {
  return settingsMethods({
    ...port,
    configuration: fileConfiguration(root),
    effective: () => effectiveSettings(root),
  });
}

function statePort(places: StatePlaces): StatePort {
  const {
    bank,
    memo: memoFile = '/run/twinbank/state.json',
    lockTimeoutMs = defaultLockTimeoutMs,
  } = places;
  return {
    banks: bank && bankPair({ ...places, bank }),
    configuration: fileConfiguration(places.root),
    memo: {
      read: () => readMemo(memoFile),
      write(memo) {
        // A vmkd that is killed in between leaves the last one whole.
        writeFileSync(`${memoFile}.new`, JSON.stringify(memo));
        renameSync(`${memoFile}.new`, memoFile);
      },
    },
    report: places.report,
    lockTimeout: (signal) => pause(lockTimeoutMs, undefined, { signal }),
  };
}

/** What the files of the running system (below `root`) say. */
export function fileConfiguration(root = '/'): LiveConfiguration {
  return {
    prepare: () => protectShadow(root),
    read: () => readConfiguration(root),
    write(settings) {
      assertRoomForSettings(root);
      writeConfiguration(settings, root);
    },
    carry: (files) => writeCarried(files, root),
  };
}

function readMemo(file: string): StateMemo | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return parseMemo(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return emptyMemo;
  }
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { accountFiles } from '../../../src/builder/modules/accounts.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { transferMethods } from '../../../src/hostcore/state-transfer.ts';
import { answerLine } from '../../../src/protocol/json-rpc.ts';
import { withBankLock } from '../../../src/runtime/vmkernel/boot/bank-pair.ts';
import { openStoreJournal } from '../../../src/runtime/vmkernel/boot/journal.ts';
import { confirmRunningBank } from '../../../src/runtime/vmkernel/boot/running-bank.ts';
import { systemMethods } from '../../../src/runtime/vmkernel/management/system-methods.ts';
import type { Network } from '../../../src/runtime/vmkernel/network/network.ts';
import { hostNetwork } from '../../../src/runtime/vmkernel/network/network-methods.ts';
import {
  fileConfiguration,
  hostSettings,
  hostState,
} from '../../../src/runtime/vmkernel/state/host-state.ts';
import { hostTls } from '../../../src/runtime/vmkernel/state/host-tls.ts';
import { hostUsers } from '../../../src/runtime/vmkernel/state/host-users.ts';
import { hostPackages } from '../../../src/runtime/vmkernel/store/host-packages.ts';
import { hostUpdates } from '../../../src/runtime/vmkernel/update/host-updates.ts';
import { verifyRunningBank } from '../../../src/runtime/vmkernel/update/update-places.ts';
import { fullNetwork } from '../../../src/state/network-settings.ts';
import { type CutHost, keptBank, storePartition, targetBank } from '../update/cut-host.ts';

export interface FileVmkd {
  /** Answers as over a socket; messages have the paths of a real host. */
  ask(method: string, params: object): Promise<Record<string, unknown>>;
  readonly names: readonly string[];
  readonly lines: readonly string[];
  store(): Buffer;
  remove(): void;
}

/** The methods of the running system, all but what needs one, over the partitions of an image as files; booted and confirmed. */
export async function fileVmkd(image: CutHost): Promise<FileVmkd> {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-vmkd-'));
  const device = (number: number) => join(folder, `partition${number}`);
  for (const [number, { firstLba, lastLba }] of image.places) {
    writeFileSync(device(number), image.image.subarray(firstLba * 512, (lastLba + 1) * 512));
  }
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/hostname'), 'localhost\n');
  for (const [path, file] of accountFiles([])) {
    if (file.type === 'file') writeFileSync(join(folder, path), file.data);
  }
  const program = join(folder, 'worker.mjs');
  const entry = join(import.meta.dirname, 'file-worker.ts');
  await build({
    ...{ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm' },
    logLevel: 'error',
  });

  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text.replaceAll(folder, '/tmp'));
  const bank = { number: keptBank, device: device(keptBank), disk: folder };
  const other = { number: targetBank, device: device(targetBank), disk: folder };
  const journal = openStoreJournal(device(storePartition), () => 0);
  const dropCaches = async (): Promise<void> => {};
  const memo = join(folder, 'memo.json');
  const keeper = hostState({ bank, other, report: line, root: folder, memo, dropCaches });
  await keeper.restore();
  await confirmRunningBank(bank.device, dropCaches);
  await keeper.saveChanges();
  await keeper.keep();
  const updates = hostUpdates({
    places: () => ({
      running: keptBank,
      banks: [bank, other].map((one) => ({ ...one, firstLba: firstLbaOf(image, one.number) })),
      store: device(storePartition),
    }),
    journal: journal.write,
    line,
    end: () => {},
    program,
    folder,
  });
  const verified = verifyRunningBank(bank);
  const packages = hostPackages({
    ...{ build: '1.1.0-110', packages: verified.packages, withBankLock },
    openStore: () => openFileDevice(device(storePartition)),
    folder: {
      find: () => undefined,
      begin: () => Promise.reject(new Error('none is opened')) as never,
    },
  });
  await packages.check();
  const methods = {
    ...systemMethods({
      clock: { sincePowerOn: () => 1, sinceKernel: () => 1 },
      command: { build: '1.1.0-110', bank: keptBank, trial: false, layers: [], refused: [] },
      drivers: { devices: 0, loaded: [], failed: [] },
      interfaces: () => ['vmnic0'],
      watchdogs: () => [],
      phase: () => 'ready',
      problems: packages.problems,
      configuration: keeper.report,
      loader: undefined,
      signed: verified.signed,
      store: packages.status,
      memory: () => [],
      swap: () => null,
      stop: () => {},
    }),
    ...hostSettings({ keeper, appliers: {}, interfaces: () => ['vmnic0'], root: folder }),
    ...hostUsers({ keeper, trustedNetwork: false, root: folder }),
    ...hostTls({
      ...{ keeper, root: folder, onChange: () => {} },
      names: () => ({
        hostName: fileConfiguration(folder).read().settings.hostname ?? '',
        addresses: [],
      }),
    }).methods,
    ...transferMethods({
      ...{ keeper, configuration: fileConfiguration(folder), end: () => {} },
      parts: async () => ({ uplinks: ['vmnic0'] }),
    }),
    ...hostNetwork({
      ...{ network: stillNetwork, keeper, configuration: fileConfiguration(folder), line },
    }).methods,
    ...updates.methods,
    'store.list': () => packages.check(),
  };
  return {
    async ask(method, params) {
      const answer = await answerLine(methods, JSON.stringify({ id: 1, method, params }));
      return JSON.parse((answer ?? '').replaceAll(folder, '/tmp'));
    },
    names: Object.keys(methods),
    lines,
    store: () => readFileSync(device(storePartition)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A network that does what it is told to. */
const stillNetwork: Network = {
  uplinks: () => ['vmnic0'],
  start: async () => {},
  configure: async () => undefined,
  settings: () => fullNetwork(),
  problems: () => [],
  onAddresses: () => {},
};

function firstLbaOf({ places }: CutHost, number: number): number {
  return places.get(number)?.firstLba ?? 0;
}

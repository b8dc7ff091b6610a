import { selectBank } from '../../../src/bootloader/select-bank.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { simulateBoot } from '../../../src/harness/sim/sim-boot.ts';
import { chooseState } from '../../../src/state/choose-state.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { readBankForUpdate } from '../../../src/update/bank-reading.ts';
import { storeFacts } from '../../../src/update/store-volume.ts';
import { verifyBank } from '../../../src/update/verify-bank.ts';
import { type Build, builds } from './cut-builds.ts';
import type { CutDisk } from './cut-disk.ts';
import { keptBank, storePartition, targetBank } from './cut-host.ts';

/** What becomes of a host that is switched on. */
export interface Judged {
  /** The build that runs; `none` at the rescue prompt, `mixture` where it is none of those that were made. */
  readonly build: string;
  /** Whether the bank is VALID and nothing else afterwards. */
  readonly confirmed: boolean;
  /** What is not as it has to be, whichever build runs, in its bank and in the store. */
  readonly problems: readonly string[];
  readonly store: readonly string[];
  /** Files that the loader found wrong, after which it took the other bank. */
  readonly refused: readonly string[];
  /** Content of the state slot that it starts from. */
  readonly state: Uint8Array | undefined;
}

/** Remembers what was verified of which bytes: most cuts leave the bank that boots as it was. */
export type Judge = (disk: CutDisk) => Judged;

/**
 * Boots a disk as it is, by the loader's own rules and writes, and takes the boot back. The bank that it
 * boots is verified first, before the loader has written to it: its manifests are those of a build, to the
 * byte, and every file is what they say.
 */
export function newJudge(): Judge {
  const banks = new Map<string, { build: string; problems: string[] }>();
  const stores = new Map<string, string[]>();
  return (disk) =>
    disk.tried(() => {
      const { simulated } = disk;
      const { facts, io } = simulated.loader();
      const { booted } = selectBank(facts, { verify: io.verify, write: () => true });
      if (booted === null) return { ...nothing, problems: ['no bank boots'] };
      const verified = remember(banks, `${booted} ${disk.version(booted)}`, () =>
        verify(disk, booted),
      );
      const storeKey = `${verified.build} ${disk.version(storePartition)}`;
      const store = remember(stores, storeKey, () => verifyStore(disk, verified.build));
      const boot = simulateBoot(simulated);
      const problems = [...verified.problems];
      if (boot.booted !== booted || boot.outcome !== 'healthy' || boot.reset) {
        problems.push(`bank ${booted}: found bank ${boot.booted} ${boot.outcome}`);
      }
      const cfg = simulated.banks.find(({ partition }) => partition === booted)?.readBootCfg();
      const marks = cfg?.ok && `${cfg.cfg.bootstate}${cfg.cfg.attempts}${cfg.cfg.verdict}`;
      if (cfg?.ok && cfg.cfg.build !== verified.build) problems.push(`boot.cfg: ${cfg.cfg.build}`);
      const other = booted === keptBank ? targetBank : keptBank;
      const [own, theirs] = [booted, other].map((one) => readBankState(disk.partition(one)));
      const state = own && chooseState(own, theirs)?.saved.content;
      const refused = boot.events.flatMap((event) =>
        event.type === 'refuse' && verifyRefusals.has(event.refusal) ? [event.reason] : [],
      );
      return { build: verified.build, confirmed: marks === '00-', problems, store, refused, state };
    });
}

/** Refusals of a bank that the loader had begun to start. */
const verifyRefusals = new Set(['contents', 'mark', 'start']);
const nothing = { build: 'none', confirmed: false, store: [], refused: [], state: undefined };

function verify(disk: CutDisk, number: number): { build: string; problems: string[] } {
  const bank = readBankForUpdate(number, disk.partition(number));
  const build = Object.values<Build>(builds).find(
    ({ manifests }) =>
      manifests.length === bank.manifests.length &&
      manifests.every(
        ({ bytes, signature }, index) =>
          Buffer.compare(bytes, bank.manifests[index]!.bytes) === 0 &&
          Buffer.compare(signature, bank.manifests[index]!.signature) === 0,
      ),
  );
  const { problems } = verifyBank(bank, { by: 'contents' });
  return { build: build?.name ?? 'mixture', problems: problems.map(({ message }) => message) };
}

/** The packages of the build that boots are all in the store. */
function verifyStore(disk: CutDisk, name: string): string[] {
  const device = disk.partition(storePartition);
  const volume = openFat(device);
  const errors = volume.check().filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return errors.map(({ message }) => `store: ${message}`);
  const facts = storeFacts(volume, device);
  const build = Object.values<Build>(builds).find((one) => one.name === name);
  const listed = facts.builds.find((one) => one.build === name)?.packages ?? [];
  return Object.keys(build?.packages ?? {}).flatMap((file) => {
    const one = listed.find((found) => found.name === file);
    return one && facts.hashOf(one.path) === one.sha256 ? [] : [`store: ${file} of ${name}`];
  });
}

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  if (known.size > 10_000) known.clear();
  known.set(key, made);
  return made;
}

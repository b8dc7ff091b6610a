import type { JournalEvent } from '../../../bootloader/boot-journal.ts';
import { readLog } from '../../../coredump/coredump-parts.ts';
import { parseCrashLog } from '../../../coredump/crash-log.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import {
  type CoredumpHeader,
  coredumpPlaces,
  readCoredumpHeader,
  writeCoredumpHeader,
} from '../../../disk/coredump-header.ts';
import { crashMemory } from './memory-range.ts';

/** The system as far as core dumps need it. */
export interface CoredumpPort {
  /** The disk that the system runs from was found. */
  readonly hasDisk: boolean;
  /** Of the kernel. */
  readonly commandLine: string;
  /** Bytes of memory of this machine, as far as the kernel has it. */
  memoryBytes(): number;
  /** Bytes that the kernel keeps for a dump. */
  keptBytes(): number;
  /** A dump kernel is in that memory. */
  isLoaded(): boolean;
  /** Puts one there. Throws one sentence. */
  load(): Promise<void>;
  /** The core-dump partition of the disk that the system runs from; undefined where there is none. Throws what keeps it from being opened. */
  openPartition(): (BlockDevice & { close(): void }) | undefined;
  /** As of `BankGuard.assert`. */
  assertOnlyBank(): void;
  line(text: string): void;
  journal(event: JournalEvent): void;
}

export interface CoredumpStatus {
  /** A panic would be dumped. */
  readonly armed: boolean;
  /** Why it would not; null where it would. */
  readonly why: string | null;
  readonly keptBytes: number;
  /** The dump that is in the partition. */
  readonly dump: CoredumpHeader | null;
}

export interface CoredumpService {
  /** Tells of a dump that is there: on the console in each boot until it was fetched, in the journal once. Never throws. */
  reportCrash(): void;
  /** Makes ready for a panic, once; whoever asks again waits for the same. Never throws. */
  arm(): Promise<void>;
  status(): CoredumpStatus;
  /** What a person should know, each one sentence. */
  problems(): string[];
  /** Why no dump would be taken by now though the machine has the memory; undefined where one would, and where it is too small. */
  armProblem(): string | undefined;
  /** Opens the partition for as long as `use` runs. Throws where there is none. */
  withPartition<T>(use: (partition: BlockDevice) => T): T;
  /** Writes the header, on the medium when it returns. Throws `bank.ambiguous`. */
  writeHeader(partition: BlockDevice, header: CoredumpHeader): void;
}

const MiB = 2 ** 20;
/** A partition that has room for less than this of a dump takes none. */
const leastBytes = coredumpPlaces.dump.offset + 2 * MiB;

export function coredumpService(port: CoredumpPort): CoredumpService {
  let arming: Promise<void> | undefined;
  let isOver = false;
  let why: string | undefined = 'the dump kernel is not loaded yet';
  let isProblem = true;
  // Nobody else writes it while the system runs, and a disk that does not answer any more is not to hold up whoever asks.
  let known: CoredumpHeader | undefined;
  const withPartition = <T>(use: (partition: BlockDevice) => T): T => {
    const partition = port.openPartition();
    if (!partition) throw new Error('its disk has no core-dump partition');
    try {
      return use(partition);
    } finally {
      partition.close();
    }
  };
  const remember = (header: CoredumpHeader): void => {
    known = header.state === 'empty' ? undefined : header;
  };
  const writeHeader = (partition: BlockDevice, header: CoredumpHeader): void => {
    port.assertOnlyBank();
    writeCoredumpHeader(partition, header);
    partition.flush();
    remember(header);
  };
  const armNow = async (): Promise<void> => {
    // Until all is over the answer stays that nothing is loaded yet.
    const lack = lackOfMemory(port);
    why = lack ?? (await loadProblem(port, withPartition));
    isProblem = lack === undefined && why !== undefined;
    isOver = true;
    if (why !== undefined) port.line(`core dump: a panic will leave none: ${why}`);
  };
  return {
    withPartition,
    writeHeader,
    reportCrash() {
      try {
        // A system whose disk was not found says so itself.
        if (!port.hasDisk) return;
        withPartition((partition) => {
          const header = readCoredumpHeader(partition);
          remember(header);
          if (header.state === 'empty' || header.fetched) return;
          port.line(crashSentence(header));
          if (header.reported) return;
          writeHeader(partition, { ...header, reported: true });
          port.journal(crashEvent(partition, header));
        });
      } catch (error) {
        port.line(`core dump: ${(error as Error).message}`);
      }
    },
    arm: () => {
      arming ??= armNow().catch((error: Error) => {
        why = error.message;
        isOver = true;
      });
      return arming;
    },
    status: () => ({
      armed: why === undefined,
      why: why ?? null,
      keptBytes: port.keptBytes(),
      dump: known ?? null,
    }),
    armProblem: () => (isProblem ? why : undefined),
    problems() {
      const waiting = known && !known.fetched ? [crashSentence(known)] : [];
      return isOver && isProblem ? [...waiting, `core dump: ${why}`] : waiting;
    },
  };
}

/** Why nothing is kept for a dump, in a machine that is not meant to keep anything. */
function lackOfMemory({ commandLine, memoryBytes, keptBytes }: CoredumpPort): string | undefined {
  if (keptBytes() > 0) return undefined;
  const range = crashMemory(commandLine);
  if (!range) return 'the kernel keeps no memory for it (option crashkernel)';
  const found = Math.round(memoryBytes() / MiB);
  const from = Math.round(range.from / MiB);
  return `it takes ${Math.round(range.kept / MiB)} MiB of a machine with ${from} MiB or more, this one has ${found}`;
}

/** Loads the dump kernel unless an earlier vmkd has. Returns why there is none. */
async function loadProblem(
  port: CoredumpPort,
  withPartition: CoredumpService['withPartition'],
): Promise<string | undefined> {
  try {
    withPartition(assertRoom);
    if (!port.isLoaded()) await port.load();
    return port.isLoaded() ? undefined : 'kexec has loaded no kernel';
  } catch (error) {
    return (error as Error).message;
  }
}

function assertRoom({ size }: BlockDevice): void {
  if (size >= leastBytes) return;
  throw new Error(
    `expected a core-dump partition of at least ${leastBytes / MiB} MiB, found ${Math.floor(size / MiB)}`,
  );
}

const states: Readonly<Record<CoredumpHeader['state'], string>> = {
  empty: 'no dump',
  writing: 'a dump that was never finished',
  complete: 'a dump',
  cut: 'a dump that was cut at the end of the partition',
  failed: 'its log, and no dump',
};

/** What a person is told of a dump: `core dump of 0.1.0-1, 2026-11-30T21:04:11Z: sysrq triggered crash; waits to be fetched`. */
export function crashSentence({ state, build, time, reason, later }: CoredumpHeader): string {
  const when = new Date(Math.min(time, 8_640_000_000_000) * 1000).toISOString().replace('.000', '');
  const why = reason === '' ? 'no reason given' : reason;
  const more = later.count === 0 ? '' : `, and ${later.count} later with only a log`;
  return `core dump: build ${build} panicked at ${when}${more}: ${why}; ${states[state]} waits to be fetched`;
}

function crashEvent(partition: BlockDevice, header: CoredumpHeader): JournalEvent {
  const { later, reason, bank, build } = header;
  // Of several crashes it is the last one that is news.
  const last =
    later.count === 0 ? reason : parseCrashLog(readLog(partition, header, 'later-log')).reason;
  return { event: 'crash', bank, build, why: last === '' ? 'no reason given' : last };
}

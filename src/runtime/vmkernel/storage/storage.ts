import { mutex } from '../../../hostcore/mutex.ts';
import { claimRestOf, isRestBegun, judgeBootDisk, type RestPort } from './boot-disk.ts';
import { type DatastoresPort, openDatastores } from './datastores.ts';
import type { DiskFacts } from './disk-facts.ts';
import { readEnds } from './disk-io.ts';
import { type DiskNames, nameDisks } from './disk-names.ts';
import { diskTitle } from './disk-title.ts';
import { formatDisk, missingProgram, partitionDevice } from './format-disk.ts';
import { formatRest } from './format-rest.ts';
import { type DiskJudgement, judgeContents, judgeFacts } from './judge-disk.ts';
import { type NfsDatastores, type NfsPort, openNfsDatastores } from './nfs-datastores.ts';
import { isScratchMounted, leaveScratch, mountScratch, scratchFolder } from './scratch.ts';
import type { DiskReport, StorageReport } from './storage-report.ts';

export interface StoragePort extends DatastoresPort, RestPort, NfsPort {
  findDisks(): readonly DiskFacts[];
  /** `/dev/vda`; undefined where no disk has the bank that runs. */
  readonly bootDisk: string | undefined;
  /** `/proc/swaps` */
  readSwaps(): string;
  line(text: string): void;
  /** Volumes may have come or gone. */
  onVolumes(): void;
  /** The recipe's `firstBoot.blankDisks`. */
  readonly blankDisks: 'format' | 'leave';
}

/** The disks of the host and what is on them. */
export interface Storage {
  /** Looks for disks that have come or gone; with `again` also at those that were left alone before. */
  rescan(again?: boolean): Promise<void>;
  /** Before a first boot counts as one: notes that the rest of the boot disk becomes a datastore. Waits for no other disk. Never throws. */
  claimRest(): Promise<void>;
  /** Makes datastores in the rest of the boot disk and on the blank disks found so far, one after another, where the recipe wants them. */
  formatBlank(): Promise<void>;
  list(): Promise<StorageReport>;
  readonly nfs: NfsDatastores;
  /** What is wrong now; a disk that is left alone is not. */
  problems(): string[];
}

interface Disk {
  facts: DiskFacts;
  names: DiskNames;
  judgement: DiskJudgement;
  isFormatting: boolean;
  /** Of its datastore, once that is mounted. */
  uuid: string | undefined;
  /** Why it has no datastore though it should. */
  problem: string | undefined;
}

/** Nothing is looked at before the first {@link Storage.rescan}. */
export function openStorage(port: StoragePort): Storage {
  const { io, volumes, line } = port;
  const datastores = openDatastores(port);
  const disks = new Map<string, Disk>();
  const alone = mutex();

  const titleOf = ({ names, facts }: Disk): string => diskTitle(names.name, facts);
  const useOf = (device: string): string | undefined => {
    const path = `/dev/${device}`;
    const isOurs = (at: string): boolean =>
      at.startsWith(`${volumes.folder}/`) || at === scratchFolder;
    const mount = volumes.mounts().find((one) => one.device === path && !isOurs(one.path));
    if (mount) return `mounted at ${mount.path}`;
    return port.readSwaps().includes(`${path} `) ? 'swap' : undefined;
  };
  const judge = async (facts: DiskFacts): Promise<DiskJudgement> => {
    const found = judgeFacts(facts, { bootDisk: port.bootDisk, useOf });
    if (found?.state === 'boot') {
      return judgeBootDisk(port, facts).catch(({ message }: Error) => ({ ...found, why: message }));
    }
    if (found) return found;
    try {
      return judgeContents(await readEnds(io, `/dev/${facts.device}`, facts.bytes));
    } catch (error) {
      return { state: 'unread', why: `it cannot be read: ${(error as Error).message}` };
    }
  };
  const sayOfRest = (disk: Disk, before: DiskJudgement | undefined): void => {
    const { why } = disk.judgement;
    if (why !== undefined && why !== before?.why) line(`storage: ${titleOf(disk)}: ${why}`);
  };
  const attach = async (disk: Disk): Promise<void> => {
    const { number, scratch } = disk.judgement.datastore ?? {};
    if (number === undefined || disk.uuid !== undefined) return;
    if (scratch !== undefined) {
      const partition = partitionDevice(disk.facts.device, scratch);
      await mountScratch(port, partition).catch(({ message }: Error) =>
        line(`storage: no scratch on ${titleOf(disk)}: ${message}`),
      );
    }
    try {
      const { uuid, name, repaired } = await datastores.attach(
        partitionDevice(disk.facts.device, number),
      );
      disk.uuid = uuid;
      disk.problem = undefined;
      if (repaired) line(`storage: ${name} was repaired: ${repaired}`);
      line(`storage: ${name} is on ${titleOf(disk)}`);
    } catch (error) {
      disk.problem = (error as Error).message;
      line(`storage: no datastore on ${titleOf(disk)}: ${disk.problem}`);
    }
  };
  const add = async (facts: DiskFacts, names: DiskNames, before?: Disk): Promise<Disk> => {
    const judgement = await judge(facts);
    const disk: Disk = { facts, names, judgement, ...fresh };
    const isLeft = judgement.state === 'left-alone' || judgement.state === 'unread';
    if (isLeft && judgement.why !== before?.judgement.why) {
      line(`storage: ${titleOf(disk)} is left alone: ${judgement.why}`);
    }
    if (judgement.state === 'boot') sayOfRest(disk, before?.judgement);
    return disk;
  };
  const remove = async (key: string, disk: Disk): Promise<void> => {
    disks.delete(key);
    // Whoever asks from the line on is told so; to unmount takes longer.
    const lost =
      disk.uuid === undefined ? undefined : datastores.lose(disk.uuid, 'its disk has gone');
    line(`storage: ${titleOf(disk)} has gone`);
    await leaveScratch(volumes, disk.facts.device);
    await lost;
  };
  const format = async (disk: Disk, where: string, make: typeof formatRest): Promise<void> => {
    disk.isFormatting = true;
    const label = datastores.freeName();
    line(`storage: making ${label} ${where}`);
    try {
      await make(port, disk.facts, label);
      disk.judgement = await judge(disk.facts);
      await attach(disk);
    } catch (error) {
      const why = (error as Error).message;
      line(`storage: no datastore on ${titleOf(disk)}: ${why}`);
      // One that somebody else has written to meanwhile is his.
      disk.judgement = await judge(disk.facts);
      disk.problem = disk.judgement.state === 'left-alone' ? undefined : why;
    }
    disk.isFormatting = false;
  };
  const formatRestOf = async (disk: Disk): Promise<void> => {
    try {
      if (!(await isRestBegun(port, disk.facts))) return;
    } catch (error) {
      return line(`storage: ${titleOf(disk)}: ${(error as Error).message}`);
    }
    await format(disk, `in the rest of ${titleOf(disk)}, which is blank`, formatRest);
  };
  const rescan = (again = false): Promise<void> =>
    alone(async () => {
      const found = port.findDisks();
      const named = nameDisks(found, port.namer);
      const keys = new Set(found.map(keyOf));
      for (const [key, disk] of disks) if (!keys.has(key)) await remove(key, disk);
      for (const facts of found) {
        const names = named.get(facts.device);
        const known = disks.get(keyOf(facts));
        if (!names || known?.isFormatting) continue;
        const isSettled = known && known.judgement.state !== 'unread' && !again;
        const isOld = isSettled || known?.uuid !== undefined;
        const disk = isOld
          ? Object.assign(known, { facts, names })
          : await add(facts, names, known);
        disks.set(keyOf(facts), disk);
        if (!isOld) await attach(disk);
      }
      port.onVolumes();
    });
  return {
    rescan,
    nfs: openNfsDatastores(port, datastores),
    async claimRest() {
      const facts = port.findDisks().find(({ device }) => `/dev/${device}` === port.bootDisk);
      if (!facts) return;
      await claimRestOf(port, facts).catch(({ message }: Error) =>
        line(`storage: the rest of the boot disk: ${message}`),
      );
    },
    async formatBlank() {
      // What has come, or could not be read, in the hurry of the start.
      await rescan();
      const boot = [...disks.values()].find(({ judgement }) => judgement.state === 'boot');
      if (boot) await formatRestOf(boot);
      if (port.blankDisks === 'leave' || missingProgram(port) !== undefined) {
        return port.onVolumes();
      }
      const isBlank = ({ judgement: { state } }: Disk): boolean =>
        state === 'blank' || state === 'unfinished';
      for (const disk of [...disks.values()].filter(isBlank)) {
        await format(disk, `on ${titleOf(disk)}, which is blank`, formatDisk);
      }
      port.onVolumes();
    },
    list: async () => ({
      disks: [...disks.values()].map((disk) => reportOf(disk, missingProgram(port))),
      datastores: await datastores.list(),
      scratch: isScratchMounted(volumes) ? scratchFolder : null,
    }),
    problems: () => [
      ...[...disks.values()].flatMap((disk) =>
        disk.problem === undefined ? [] : [`disk ${titleOf(disk)}: ${disk.problem}`],
      ),
      ...datastores.problems(),
    ],
  };
}

const fresh = { isFormatting: false, uuid: undefined, problem: undefined };

function keyOf({ device, sequence }: DiskFacts): string {
  return `${device}:${sequence}`;
}

function reportOf(disk: Disk, missing: string | undefined): DiskReport {
  const { facts, names, judgement, isFormatting, problem } = disk;
  const { device, bytes, model, serial } = facts;
  const begun = judgement.state === 'unfinished' ? 'a datastore was begun on it' : undefined;
  const isBoot = judgement.state === 'boot';
  const state = isFormatting && !isBoot ? 'formatting' : shownStates[judgement.state];
  const making = isFormatting && isBoot ? 'a datastore is being made in its rest' : undefined;
  const why =
    making ??
    problem ??
    judgement.why ??
    (state === 'blank' ? (missing ?? begun) : undefined) ??
    null;
  return { ...names, path: `/dev/${device}`, size: bytes, model, serial, state, why };
}

const shownStates: Readonly<Record<DiskJudgement['state'], DiskReport['state']>> = {
  boot: 'boot',
  datastore: 'datastore',
  blank: 'blank',
  unfinished: 'blank',
  unread: 'left-alone',
  'left-alone': 'left-alone',
};

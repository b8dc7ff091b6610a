import { expect } from 'vitest';
import { isBankPartition } from '../../src/bootloader/image-partitions.ts';
import { selectBank } from '../../src/bootloader/select-bank.ts';
import type { BlockDevice } from '../../src/disk/block-device.ts';
import { openFileDevice } from '../../src/disk/file-device.ts';
import { readGpt } from '../../src/disk/gpt.ts';
import { overlayDevice } from '../../src/disk/overlay-device.ts';
import { partitionDevice } from '../../src/disk/partition-device.ts';
import { type SimDisk, simDisk } from '../../src/harness/sim/sim-disk.ts';
import { readBankForUpdate } from '../../src/update/bank-reading.ts';
import { verifyBank } from '../../src/update/verify-bank.ts';
import { type LogEntry, readWriteLog, replay } from './write-log.ts';

/** What the loader would boot now, held against the manifests; throws unless it is complete. */
function bootsWhat(disk: SimDisk): string {
  const { facts, io } = disk.loader();
  const { booted } = selectBank(facts, { write: () => true, verify: io.verify });
  const place = readGpt(disk.device).partitions.find(({ number }) => number === booted);
  if (!place || booted === null) throw new Error('the loader would boot nothing');
  return disk.device.remember(`complete ${booted}`, (reader) => {
    const bank = readBankForUpdate(booted, partitionDevice(reader, place));
    const [problem] = verifyBank(bank, { by: 'contents' }).problems;
    if (problem || !bank.bootCfg.ok) throw new Error(`bank ${booted}: ${problem?.message}`);
    return bank.bootCfg.cfg.build;
  });
}

/** A small generator of numbers that are the same each time (Numerical Recipes, "ranqd1"). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Cuts the power of a machine after each write that it made to its disk, and with any of the writes since the
 * last flush lost: whatever is left boots a complete system. `before` is changed. Returns how many cuts there
 * were, and which builds they booted.
 */
export function checkWriteLog(files: { before: string; after: string; log: string }) {
  const device = openFileDevice(files.before, { writable: true });
  const after = openFileDevice(files.after);
  try {
    const disk = simDisk(device);
    const builds = new Set<string>();
    const random = numbers(1);
    let cuts = 0;
    let unflushed: LogEntry[] = [];
    const judge = (what: SimDisk): void => {
      builds.add(bootsWhat(what));
      cuts++;
    };
    judge(disk);
    for (const entry of readWriteLog(files.log)) {
      if (entry.type === 'write') {
        unflushed.push(entry);
        continue;
      }
      if (unflushed.length > 1) {
        const left = overlayDevice(device);
        for (const one of unflushed) if (random() < 0.5) replay(left, one);
        judge(simDisk(left));
      }
      for (const one of unflushed) {
        replay(disk.device, one);
        judge(disk);
      }
      unflushed = [];
    }
    for (const one of unflushed) replay(disk.device, one);
    expect(sameBanks(device, after)).toBe(true);
    // An update of a bank of 38 MiB has 200.
    expect(cuts).toBeGreaterThan(150);
    return { cuts, builds: [...builds].sort() };
  } finally {
    device.close();
    after.close();
  }
}

/** The log was complete: replayed, it makes the banks that the machine left. */
function sameBanks(one: BlockDevice, other: BlockDevice): boolean {
  return readGpt(one)
    .partitions.filter(isBankPartition)
    .every((place) => {
      const [a, b] = [partitionDevice(one, place), partitionDevice(other, place)];
      return Buffer.compare(a.read(0, a.size), b.read(0, b.size)) === 0;
    });
}

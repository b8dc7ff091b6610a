import { describe, expect, it } from 'vitest';
import {
  encodeRecord,
  type JournalEvent,
  journalBytes,
  journalPath,
  slotOffset,
} from '../../../src/bootloader/boot-journal.ts';
import { appendJournal } from '../../../src/bootloader/store-journal.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { type Journal, openJournal } from '../../../src/hostcore/journal.ts';
import { payload } from '../disk/fat/trees.ts';
import { recordsIn, storeBytes, withJournal } from './store-bytes.ts';

let store: Buffer;

const shutdown = (why: string): JournalEvent => ({ event: 'shutdown', bank: 5, why });
const open = (): Journal => openJournal(memoryDevice(store), () => 1_800_000_000_900);
const offsetOfJournal = (): number => openFat(memoryDevice(store)).extents(journalPath)[0]!.offset;

describe('the boot journal of a store', () => {
  it('has what was written, with whole seconds, in the order of writing', () => {
    store = storeBytes();
    const journal = open();
    expect(journal.problem).toBeUndefined();
    journal.write(shutdown('one'));
    journal.write({ event: 'unhealthy', bank: 6, why: 'two' });
    expect(recordsIn(store)).toEqual([
      { ...shutdown('one'), sequence: 1, time: 1_800_000_000 },
      { event: 'unhealthy', bank: 6, why: 'two', sequence: 2, time: 1_800_000_000 },
    ]);
  });

  it('is new until a boot was confirmed, and not when records may be missing', () => {
    const ready = (confirmed: boolean): JournalEvent => ({
      ...{ event: 'ready', bank: 5, confirmed, stages: {} },
    });
    store = storeBytes();
    expect(open().isNew).toBe(true);
    for (const event of [shutdown('one'), ready(false)]) open().write(event);
    expect(open().isNew).toBe(true);
    open().write(ready(true));
    expect(open().isNew).toBe(false);
    store = storeBytes();
    const late = encodeRecord({ ...shutdown('late'), sequence: 300, time: 0 });
    store.set(late, offsetOfJournal() + slotOffset(300));
    expect(open().isNew).toBe(false);
    expect(openJournal(undefined, () => 0).isNew).toBeUndefined();
  });

  it('changes one sector a record and nothing else of the store', () => {
    store = storeBytes();
    const before = Buffer.from(store);
    const at = offsetOfJournal();
    const journal = open();
    expect(Buffer.from(store).equals(before)).toBe(true);
    journal.write(shutdown('one'));
    const after = Buffer.from(store);
    expect(after.subarray(at, at + 4).toString()).toBe('TWBJ');
    before.copy(after, at, at, at + 512);
    expect(after.equals(before)).toBe(true);
  });

  it.each([
    ['the last number that there is', [2 ** 32 - 2, 2 ** 32 - 1], 1],
    ['numbers of which one lies far ahead', [3, 4, 2 ** 32 - 1], 5],
  ])('goes on behind %s', (_what, sequences, next) => {
    store = storeBytes();
    const at = offsetOfJournal();
    for (const sequence of sequences) {
      const record = encodeRecord({ ...shutdown(`${sequence}`), sequence, time: 0 });
      store.set(record, at + slotOffset(sequence));
    }
    const journal = open();
    for (const why of ['new', 'newer']) journal.write(shutdown(why));
    expect(journal.problem).toBeUndefined();
    expect(appendJournal(memoryDevice(store), shutdown('newest'), 0)).toBeUndefined();
    const records = recordsIn(store).slice(-3);
    expect(records.map(({ sequence }) => sequence)).toEqual([next, next + 1, next + 2]);
    expect(records).toMatchObject([{ why: 'new' }, { why: 'newer' }, { why: 'newest' }]);
  });

  it('goes on counting over boots, around the ring', () => {
    store = storeBytes();
    for (let boot = 0; boot < 3; boot++) {
      const journal = open();
      for (let at = 0; at < 100; at++) journal.write(shutdown(`${boot * 100 + at + 1}`));
    }
    const records = recordsIn(store);
    expect(records.map(({ sequence }) => sequence)).toEqual(
      [...Array(256).keys()].map((at) => at + 45),
    );
    expect(records.every((one) => one.event === 'shutdown' && one.why === `${one.sequence}`)).toBe(
      true,
    );
  });

  it('goes on after the last record that is whole when the power was cut in one', () => {
    store = storeBytes();
    const journal = open();
    for (const why of ['one', 'two', 'three']) journal.write(shutdown(why));
    const bytes = Buffer.from(store);
    const third = offsetOfJournal() + slotOffset(3);
    bytes.fill(0, third + 20, third + 512);
    store = Buffer.from(bytes);
    open().write(shutdown('after the cut'));
    expect(recordsIn(store)).toMatchObject([
      { sequence: 1 },
      { sequence: 2 },
      { sequence: 3, why: 'after the cut' },
    ]);
  });

  it('begins with the first record where its sectors hold anything else', () => {
    store = storeBytes((volume) => {
      withJournal(volume);
      volume.overwrite(journalPath, 0, payload(journalBytes, 7));
    });
    open().write(shutdown('one'));
    expect(recordsIn(store)).toMatchObject([{ sequence: 1, why: 'one' }]);
  });
});

describe('a store without a journal that can be written', () => {
  const withFile = (content: Uint8Array) => (volume: FatVolume) => {
    volume.mkdir('journal');
    volume.write(journalPath, content);
  };
  /** Free space is in runs of 64 KiB only. */
  const fragmented = (volume: FatVolume): void => {
    const part = payload(65_536, 1);
    const count = Math.floor(volume.freeBytes / part.length) - 1;
    for (let at = 0; at < count; at++) volume.write(`file${at}`, part);
    volume.write('rest', payload(volume.freeBytes - volume.clusterBytes, 2));
    for (let at = 0; at < count; at += 2) volume.remove(`file${at}`);
    volume.flush();
    withFile(new Uint8Array(journalBytes))(volume);
  };

  it.each([
    { what: 'is empty', fill: () => {}, problem: /journal/ },
    {
      what: 'has a folder in its place',
      fill: (volume: FatVolume) => volume.mkdir(journalPath),
      problem: /boot\.jnl/,
    },
    {
      what: 'has it in pieces',
      fill: fragmented,
      problem: /expected journal\/boot\.jnl in one piece/,
    },
    {
      what: 'has one that is too short',
      fill: withFile(new Uint8Array(journalBytes - 1)),
      problem: /in one piece/,
    },
    { what: 'has an empty one', fill: withFile(new Uint8Array()), problem: /in one piece/ },
  ])('that $what says so and is left as it is', ({ fill, problem }) => {
    store = storeBytes(fill);
    const before = Buffer.from(store);
    const journal = open();
    expect(journal.problem).toMatch(problem);
    journal.write(shutdown('x'));
    expect(Buffer.from(store).equals(before)).toBe(true);
  });

  it.each([
    { what: 'is no file system', damage: (bytes: Buffer) => bytes.set(payload(bytes.length, 3)) },
    { what: 'has no boot sector', damage: (bytes: Buffer) => void bytes.fill(0, 0, 512) },
    {
      what: 'has broken tables',
      // After the two reserved entries every cluster leads to one that is not there.
      damage: (bytes: Buffer) => {
        const { boot } = openFat(memoryDevice(bytes));
        const end = (boot.reservedSectors + boot.fatCount * boot.sectorsPerFat) * 512;
        bytes.fill(0xf0, boot.reservedSectors * 512 + 4, end);
      },
    },
  ])('that $what says so and is left as it is', ({ damage }) => {
    store = storeBytes();
    const bytes = Buffer.from(store);
    damage(bytes);
    store = Buffer.from(bytes);
    const journal = open();
    expect(journal.problem).toMatch(/\S/);
    journal.write(shutdown('x'));
    expect(Buffer.from(store).equals(bytes)).toBe(true);
  });
});

it('a record that cannot be written is a problem of the journal, not of the boot', () => {
  store = storeBytes();
  const journal = open();
  journal.write(shutdown('one'));
  const stages = Object.fromEntries([...Array(100).keys()].map((at) => [`stage ${at}`, at]));
  journal.write({ event: 'ready', bank: 5, confirmed: true, stages });
  expect(journal.problem).toMatch(/^boot journal: expected a record of at most 496 bytes/);
  journal.write(shutdown('two'));
  expect(recordsIn(store)).toMatchObject([{ why: 'one' }]);
});

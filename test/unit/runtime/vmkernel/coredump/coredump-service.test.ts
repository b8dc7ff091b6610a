import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../../src/bootloader/boot-journal.ts';
import { memoryDevice } from '../../../../../src/disk/block-device.ts';
import {
  type CoredumpHeader,
  coredumpPlaces,
  emptyCoredump,
  readCoredumpHeader,
  writeCoredumpHeader,
} from '../../../../../src/disk/coredump-header.ts';
import { coredumpMethods } from '../../../../../src/runtime/vmkernel/coredump/coredump-methods.ts';
import {
  type CoredumpPort,
  coredumpService,
} from '../../../../../src/runtime/vmkernel/coredump/coredump-service.ts';

const MiB = 2 ** 20;
const dumped: CoredumpHeader = {
  ...emptyCoredump,
  ...{ state: 'complete', length: 700_000, time: 1_700_000_000, bank: 6, build: '1.2-3' },
  ...{ reason: 'Fatal exception', logLength: 40 },
};
const sentence =
  'core dump: build 1.2-3 panicked at 2023-11-14T22:13:20Z: Fatal exception; a dump waits to be fetched';

/** A host with a partition, and all that was said and loaded. */
function host(header: CoredumpHeader = emptyCoredump, change: Partial<CoredumpPort> = {}) {
  const bytes = new Uint8Array(5 * MiB);
  const partition = memoryDevice(bytes);
  writeCoredumpHeader(partition, header);
  const lines: string[] = [];
  const journal: JournalEvent[] = [];
  let loaded = 0;
  const port: CoredumpPort = {
    hasDisk: true,
    commandLine: 'quiet crashkernel=1500M-:256M',
    memoryBytes: () => 2000 * MiB,
    keptBytes: () => 256 * MiB,
    isLoaded: () => loaded > 0,
    load: async () => void loaded++,
    openPartition: () => ({ ...partition, close: () => {} }),
    assertOnlyBank: () => {},
    line: (text) => void lines.push(text),
    journal: (event) => void journal.push(event),
    ...change,
  };
  const service = coredumpService(port);
  const methods = coredumpMethods(service);
  const call = async (name: string, params = {}) => (await methods[name]!(params)) as never;
  const find = () => readCoredumpHeader(partition);
  return { service, call, lines, journal, bytes, find, loaded: () => loaded };
}

describe('I5: a host that has memory for a dump', () => {
  it('is ready for a panic once, and says nothing', async () => {
    const { service, lines, loaded } = host();
    expect(service.status()).toMatchObject({ armed: false, why: expect.stringContaining('yet') });
    expect(service.armProblem()).toContain('not loaded yet');
    expect(service.problems()).toEqual([]);
    await Promise.all([service.arm(), service.arm()]);
    expect(loaded()).toBe(1);
    expect(service.status()).toEqual({
      ...{ armed: true, why: null, keptBytes: 256 * MiB, dump: null },
    });
    expect([service.armProblem(), service.problems(), lines]).toEqual([undefined, [], []]);
  });

  it('leaves a dump kernel that an earlier vmkd has loaded', async () => {
    const { service, loaded } = host(emptyCoredump, { isLoaded: () => true });
    await service.arm();
    expect([loaded(), service.status().armed]).toEqual([0, true]);
  });

  it.each<[string, Partial<CoredumpPort>, string]>([
    [
      'cannot load',
      { load: () => Promise.reject(new Error('the bank has no /usr/sbin/kexec')) },
      'the bank has no /usr/sbin/kexec',
    ],
    ['loads nothing', { isLoaded: () => false }, 'kexec has loaded no kernel'],
    ['has no partition', { openPartition: () => undefined }, 'its disk has no core-dump partition'],
    [
      'has a small partition',
      { openPartition: () => ({ ...memoryDevice(new Uint8Array(MiB)), close: () => {} }) },
      'expected a core-dump partition of at least 4 MiB, found 1',
    ],
  ])('is not healthy where it %s', async (_title, change, why) => {
    const { service, lines } = host(emptyCoredump, change);
    await service.arm();
    expect(service.status()).toMatchObject({ armed: false, why });
    expect(service.armProblem()).toBe(why);
    expect(service.problems()).toEqual([`core dump: ${why}`]);
    expect(lines).toEqual([`core dump: a panic will leave none: ${why}`]);
  });
});

describe('I5: a host that keeps no memory for a dump', () => {
  it.each([
    [
      'quiet crashkernel=1500M-:256M',
      'it takes 256 MiB of a machine with 1500 MiB or more, this one has 983',
    ],
    ['quiet', 'the kernel keeps no memory for it (option crashkernel)'],
  ])('with %s says that it takes none, and is healthy', async (commandLine, why) => {
    const small = { commandLine, keptBytes: () => 0, memoryBytes: () => 983 * MiB };
    const { service, lines, loaded } = host(emptyCoredump, small);
    await service.arm();
    expect(loaded()).toBe(0);
    expect(lines).toEqual([`core dump: a panic will leave none: ${why}`]);
    expect([service.armProblem(), service.problems()]).toEqual([undefined, []]);
  });
});

describe('I5: a core dump', () => {
  it('is told in each boot until it was fetched, and in the journal once', async () => {
    const { service, lines, journal, find, call } = host(dumped);
    service.reportCrash();
    service.reportCrash();
    expect(lines).toEqual([sentence, sentence]);
    expect(journal).toEqual([{ event: 'crash', bank: 6, build: '1.2-3', why: 'Fatal exception' }]);
    expect(service.problems()).toEqual([sentence]);
    expect(find()).toEqual({ ...dumped, reported: true });
    await call('coredump.fetch', { offset: 600_000 });
    service.reportCrash();
    expect([lines.length, service.problems()]).toEqual([2, []]);
  });

  it('with later crashes is told with the reason of the last of them', () => {
    const log = '[ 1.0] Kernel panic - not syncing: again\n';
    const later = { count: 2, time: 1_700_000_100, logLength: log.length };
    const { service, bytes, journal, lines } = host({ ...dumped, later });
    bytes.set(Buffer.from(log), coredumpPlaces.laterLog.offset);
    service.reportCrash();
    expect(journal).toMatchObject([{ event: 'crash', why: 'again' }]);
    expect(lines).toEqual([expect.stringContaining(', and 2 later with only a log: Fatal')]);
  });

  it('that cannot be read is told, and ends nothing', () => {
    const { service, bytes, lines } = host(dumped);
    bytes[20]! ^= 1;
    service.reportCrash();
    expect(lines).toEqual([expect.stringMatching(/^core dump: core-dump header: expected CRC-32/)]);
  });

  it('is not marked on a disk that may not be the one that was booted', () => {
    const assertOnlyBank = (): void => {
      throw new Error('bank: expected one partition');
    };
    const { service, lines, find } = host(dumped, { assertOnlyBank });
    service.reportCrash();
    expect(lines).toEqual([sentence, 'core dump: bank: expected one partition']);
    expect(find().reported).toBe(false);
  });
});

describe("I5: vmkd's methods of core dumps", () => {
  it('give a dump in chunks, and mark it as fetched with the last of them', async () => {
    const { bytes, call, find } = host(dumped);
    for (let at = 0; at < 700_000; at++) bytes[coredumpPlaces.dump.offset + at] = at * 7;
    const first = await call('coredump.fetch');
    expect(first).toMatchObject({ next: 524_288, end: false });
    expect(find().fetched).toBe(false);
    const second = await call('coredump.fetch', { offset: 524_288 });
    expect(second).toMatchObject({ next: 700_000, end: true });
    const got = [first, second].map(({ data }) => Buffer.from(data, 'base64'));
    const { offset } = coredumpPlaces.dump;
    expect(Buffer.concat(got).equals(bytes.subarray(offset, offset + 700_000))).toBe(true);
    expect(find().fetched).toBe(true);
  });

  it('give its log, which marks nothing', async () => {
    const { bytes, call, find } = host(dumped);
    bytes.set(Buffer.from('l'.repeat(40)), coredumpPlaces.log.offset);
    const { data } = (await call('coredump.fetch', { part: 'log' })) as { data: string };
    expect(Buffer.from(data, 'base64').toString()).toBe('l'.repeat(40));
    expect(find().fetched).toBe(false);
  });

  it('remove it', async () => {
    const { service, call, find } = host(dumped);
    service.reportCrash();
    expect(await call('coredump.clear')).toEqual({ cleared: true, build: '1.2-3' });
    expect(find()).toEqual(emptyCoredump);
    expect(await call('coredump.status')).toMatchObject({ dump: null });
  });

  it.each([
    [{ part: 'all' }, 'part: expected dump, log, later-log, found "all"'],
    [{ offset: -1 }, 'offset: expected a number from 0 to 700000, found -1'],
    [{ offset: 700_001 }, 'offset: expected a number from 0 to 700000, found 700001'],
  ])('refuse %j', async (params, message) => {
    await expect(host(dumped).call('coredump.fetch', params)).rejects.toThrow(message);
  });

  it('refuse to give or remove what is not there', async () => {
    for (const name of ['coredump.fetch', 'coredump.clear'])
      await expect(host().call(name)).rejects.toMatchObject({ code: 'coredump.none' });
  });
});

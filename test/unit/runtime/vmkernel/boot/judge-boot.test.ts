import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BootMarks, encodeBootCfg } from '../../../../../src/bootloader/boot-cfg.ts';
import type { JournalRecord } from '../../../../../src/bootloader/boot-journal.ts';
import { consoleText } from '../../../../../src/protocol/console-line.ts';
import { openStoreJournal } from '../../../../../src/runtime/vmkernel/boot/journal.ts';
import { judgeBoot } from '../../../../../src/runtime/vmkernel/boot/judge-boot.ts';
import { readBankMarks } from '../../../../../src/runtime/vmkernel/boot/running-bank.ts';
import { newVolume, payload } from '../../../disk/fat/trees.ts';
import { recordsIn, storeBytes } from '../../../hostcore/store-bytes.ts';

let folder: string;
let device: string;
let store: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'judge-'));
  device = join(folder, 'bank.img');
  store = join(folder, 'store.img');
  writeFileSync(store, storeBytes());
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Boot {
  readonly marks: BootMarks;
  /** What is wrong so many seconds after the start of the kernel; '' for nothing. */
  ill(seconds: number, trial: boolean): string;
  /** When somebody ends the system. */
  readonly stopAt?: number;
  readonly dropCaches?: () => Promise<void>;
  readonly assertOnlyBank?: () => void;
}

interface Judged {
  /** What judgeBoot returned: why the boot is not confirmed. */
  readonly why: string | undefined | 'it was reset';
  readonly seconds: number;
  readonly resets: readonly string[];
  readonly lines: readonly string[];
  readonly marks: BootMarks;
  readonly events: readonly Partial<JournalRecord>[];
}

const pair = ({ bootstate, attempts, verdict }: BootMarks): BootMarks => ({
  bootstate,
  attempts,
  verdict,
});

function writeBank(marks: BootMarks): void {
  const { bytes, volume } = newVolume();
  const names = { kernel: 'vmkernel', kernelopt: '', modules: ['boot.v00'], title: 'twinbank' };
  volume.write('vmkernel', payload(50_000, 1));
  volume.write('boot.cfg', encodeBootCfg({ updated: 7, build: '1.2-3', ...names, ...marks }));
  volume.flush();
  writeFileSync(device, bytes);
}

/** Judges a boot of a bank with these marks; each look takes half a second of a clock that is made up. */
async function judge(boot: Boot): Promise<Judged> {
  writeBank(boot.marks);
  let seconds = 20;
  const resets: string[] = [];
  const lines: string[] = [];
  const judging = judgeBoot({
    bank: { number: 5, device, disk: join(folder, 'none') },
    command: {
      build: '1.2-3',
      bank: 5,
      trial: false,
      layers: [],
      refused: [{ bank: 6, why: 'contents: boot.v00' }],
    },
    clock: { sinceKernel: () => seconds, sincePowerOn: () => seconds + 10 },
    console: {
      line: (text) => void lines.push(text),
      event: (event) => void lines.push(consoleText(event)),
      log: () => {},
      panel: () => {},
      picture: () => {},
      stage: (name, detail) => void lines.push(`${name}: ${detail}`),
      stages: () => ({}),
    },
    journal: openStoreJournal(store, () => 0),
    trialSeconds: 60,
    problems: (trial) => {
      seconds += 0.5;
      const ill = boot.ill(seconds, trial);
      return ill === '' ? [] : [ill];
    },
    isStopping: () => seconds >= (boot.stopAt ?? 1000),
    reset: async (why) => {
      resets.push(why);
      // The real one does not come back.
      throw new Error('it was reset');
    },
    dropCaches: boot.dropCaches ?? (async () => {}),
    ...(boot.assertOnlyBank && { assertOnlyBank: boot.assertOnlyBank }),
    pauseMs: 0,
  });
  const why = await judging.catch((error: Error) => error.message);
  const events = recordsIn(readFileSync(store)).map(({ sequence, time, ...event }) => event);
  return { why, seconds, resets, lines, marks: pair(readBankMarks(device)), events };
}

const trial = { bootstate: '2', attempts: '0', verdict: '-' } as const;
const valid = { bootstate: '0', attempts: '2', verdict: 'B' } as const;
const confirmed = { bootstate: '0', attempts: '0', verdict: '-' };
const booted = {
  event: 'booted',
  bank: 5,
  build: '1.2-3',
  state: 'UPGRADING',
  attempts: '0',
  refused: [{ bank: 6, why: 'contents: boot.v00' }],
};
const unhealthy = (why: string) => ({ event: 'unhealthy', bank: 5, why });

describe('a bank of which there may be a copy', () => {
  it('is not confirmed, however healthy', async () => {
    const assertOnlyBank = () => {
      throw new Error('found /dev/sda5, /dev/sdb5');
    };
    const { why, marks } = await judge({ marks: trial, ill: () => '', assertOnlyBank });
    expect(why).toBe('found /dev/sda5, /dev/sdb5');
    expect(marks).toEqual(trial);
  });
});

describe('a trial', () => {
  it('that is healthy is confirmed at the first look', async () => {
    const { why, seconds, lines, marks, events } = await judge({ marks: trial, ill: () => '' });
    expect(why).toBeUndefined();
    expect(seconds).toBe(20.5);
    expect(marks).toEqual(confirmed);
    expect(events).toEqual([booted]);
    expect(lines).toEqual([`bank: confirmed ${device}, was a trial`]);
  });

  it('that becomes healthy in its time is confirmed, and what was over soon is not told', async () => {
    const ill = (seconds: number) => (seconds < 22 ? 'agent syslog: it has just been started' : '');
    const { why, marks, events } = await judge({ marks: trial, ill });
    expect(why).toBeUndefined();
    expect(marks).toEqual(confirmed);
    expect(events).toEqual([booted]);
  });

  it('that is not healthy in its time is reset, once, and stays unconfirmed', async () => {
    const judged = await judge({ marks: trial, ill: () => 'no network address' });
    expect(judged.why).toBe('it was reset');
    expect(judged.resets).toEqual(['trial not healthy in 60 s: no network address']);
    expect(judged.seconds).toBe(60.5);
    expect(judged.marks).toEqual(trial);
    expect(judged.events).toEqual([
      booted,
      unhealthy('no network address'),
      unhealthy('no network address'),
    ]);
  });

  it('that becomes healthy at the very last look is confirmed', async () => {
    const { why, resets } = await judge({ marks: trial, ill: (at) => (at > 60 ? '' : 'drivers') });
    expect(why).toBeUndefined();
    expect(resets).toEqual([]);
  });

  it('is asked for more than a bank that was VALID', async () => {
    const ill = (seconds: number, isTrial: boolean) => (isTrial && seconds < 40 ? 'network' : '');
    expect((await judge({ marks: trial, ill })).seconds).toBe(40);
    expect((await judge({ marks: valid, ill })).seconds).toBe(20.5);
  });
});

describe('a bank that was VALID', () => {
  it('and is not healthy stays up whatever the time, says so once, and is confirmed later', async () => {
    const ill = (seconds: number) => (seconds < 500 ? 'agent syslog: gone' : '');
    const { why, seconds, resets, lines, marks, events } = await judge({ marks: valid, ill });
    expect(why).toBeUndefined();
    expect(seconds).toBe(500);
    expect(resets).toEqual([]);
    expect(marks).toEqual(confirmed);
    expect(lines).toEqual([
      expect.stringMatching(/^unhealthy build=1\.2-3 bank=5 boot=3\d\.\ds agent syslog: gone$/),
      `bank: confirmed ${device}, was VALID attempts=2`,
    ]);
    expect(events).toEqual([
      { ...booted, state: 'VALID', attempts: '2' },
      unhealthy('agent syslog: gone'),
    ]);
  });

  it('tells each new reason that lasts', async () => {
    const ill = (at: number) => (at < 30 ? 'one' : at < 31 ? 'short' : at < 40 ? 'two' : '');
    const { events } = await judge({ marks: valid, ill });
    expect(events.slice(1)).toEqual([unhealthy('one'), unhealthy('two')]);
  });

  it('is not confirmed any more once the system is being ended', async () => {
    const judged = await judge({ marks: valid, ill: () => 'agents', stopAt: 30 });
    expect(judged.why).toBe('the system is ending');
    expect(judged.seconds).toBe(30);
    expect(judged.marks).toEqual(valid);
  });

  it('has no record of its start after the one of its end', async () => {
    const judged = await judge({ marks: valid, ill: () => '', stopAt: 0 });
    expect(judged.why).toBe('the system is ending');
    expect(judged.events).toEqual([]);
  });

  it('is not called confirmed when its medium forgets', async () => {
    const dropCaches = async (): Promise<void> => writeBank(valid);
    const judged = await judge({ marks: valid, ill: () => '', dropCaches });
    expect(judged.why).toBe('the bank does not keep what is written to it');
    expect(judged.lines).toEqual([]);
  });
});

it('a bank that was INVALID and booted by a person is never confirmed, however healthy', async () => {
  const marks = { bootstate: '3', attempts: '0', verdict: 'R' } as const;
  const judged = await judge({ marks, ill: () => '' });
  expect(judged.why).toBe('it was INVALID and booted by a person, once');
  expect(judged.marks).toEqual(marks);
  expect(judged.events).toEqual([{ ...booted, state: 'INVALID' }]);
});

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  encodeRecord,
  type JournalEvent,
  journalBytes,
  journalPath,
  slotOffset,
} from '../../../../src/bootloader/boot-journal.ts';
import { writeSparse } from '../../../support/sparse-file.ts';
import { type SmallImage, smallImage } from '../../bootloader/small-image.ts';
import { runHere } from '../host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-bank-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bank = (image: string, ...argv: string[]) =>
  runHere(['bank', image, ...argv], { host: { cwd: folder, env: { PATH: process.env.PATH } } });

function file(name: string, change: (image: SmallImage) => void = () => {}): string {
  const image = smallImage();
  change(image);
  writeSparse(join(folder, name), image.bytes);
  return name;
}

/** Offsets in the file at which the two images differ. */
function changed(before: Uint8Array, name: string): number[] {
  const now = readFileSync(join(folder, name));
  const found: number[] = [];
  for (let at = 0; at < now.length; at++) if (now[at] !== before[at]) found.push(at);
  return found;
}

const booted: JournalEvent = {
  event: 'booted',
  bank: 5,
  build: '1.2.3-400',
  state: 'VALID',
  attempts: '1',
  refused: [{ bank: 6, why: 'trial was not confirmed' }],
};

function withJournal(image: SmallImage): void {
  const journal = new Uint8Array(journalBytes);
  const events: JournalEvent[] = [
    booted,
    { event: 'ready', bank: 5, confirmed: true, stages: { kernel: 2, network: 9.5 } },
  ];
  for (const [index, event] of events.entries()) {
    const sequence = index + 1;
    journal.set(
      encodeRecord({ ...event, sequence, time: 1_800_000_000 + index }),
      slotOffset(sequence),
    );
  }
  image.edit(8, (volume) => {
    volume.mkdir('journal');
    volume.write(journalPath, journal);
  });
}

describe('bank list', () => {
  it('shows both banks, what boots next, and the last boots', async () => {
    const name = file('list.img', (image) => {
      image.mark(6, { attempts: '3', verdict: 'B' });
      withJournal(image);
    });
    const { code, stdout } = await bank(name);
    expect(code).toBe(0);
    expect(
      stdout,
    ).toBe(`Bank 5  VALID, build 1.2.3-400, updated 2, attempts 0 of 3, verdict - (none)
Bank 6  VALID, build 1.2.3-400, updated 1, attempts 3 of 3, verdict B (too many unconfirmed boots)
Next boot: bank 5 (1.2.3-400): bank 6 has used up its 3 attempts
Last boots:
  2027-01-15T08:00:00Z  bank 5 booted, build 1.2.3-400, found VALID attempts 1; bank 6 refused: trial was not confirmed
  2027-01-15T08:00:01Z  bank 5 ready after 9.5 s, confirmed
`);
    const json = JSON.parse((await bank(name, 'list', '--json')).stdout);
    expect(json).toMatchObject({ schemaVersion: 1, next: 5 });
    expect(json.banks.map((one: { state: string }) => one.state)).toEqual(['VALID', 'VALID']);
    expect(json.journal).toMatchObject([{ ...booted, sequence: 1 }, { event: 'ready' }]);
  });

  it('has an empty journal where the store has none, and inspect shows its end', async () => {
    expect(JSON.parse((await bank(file('plain.img'), '--json')).stdout).journal).toEqual([]);
    const name = file('journal.img', withJournal);
    const inspect = (...argv: string[]) =>
      runHere(['inspect', name, ...argv], { host: { cwd: folder } });
    const found = JSON.parse((await inspect('--json')).stdout);
    expect(found.journal).toHaveLength(2);
    expect(found.store.journal).toBeUndefined();
    expect((await inspect()).stdout).toContain(
      'Last boots:\n  2027-01-15T08:00:00Z  bank 5 booted',
    );
  });
});

describe('bank rollback and invalidate', () => {
  it('write two characters of one sector, and the other bank boots next', async () => {
    const name = file('rollback.img');
    const before = readFileSync(join(folder, name));
    const { code, stdout } = await bank(name, 'rollback');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bank 5: written INVALID, attempts 0, verdict R\n\nBank 5 {2}INVALID/);
    const offsets = changed(before, name);
    expect(offsets).toHaveLength(2);
    expect(new Set(offsets.map((at) => Math.floor(at / 512))).size).toBe(1);
    expect(JSON.parse((await bank(name, '--json')).stdout).next).toBe(6);
  });

  it('say in JSON what was done', async () => {
    const json = JSON.parse((await bank(file('json.img'), 'invalidate', '6', '--json')).stdout);
    expect(json).toMatchObject({ action: 'invalidate', changed: 6, next: 5 });
    expect(json.banks[1]).toMatchObject({ state: 'INVALID', verdict: 'R' });
  });

  it.each<[string, (image: SmallImage) => void, string]>([
    ['wrong', (image) => damage(image, 6), 'bank 6: engine.v00 does not match its hash'],
    ['exhausted', (image) => image.mark(6, { attempts: '3' }), 'found none'],
    ['INVALID', (image) => image.mark(6, { bootstate: '3' }), 'found none'],
    ['a trial', (image) => image.mark(6, { bootstate: '1', updated: 1 }), 'found none'],
    ['torn', (image) => tear(image, 6), 'found none'],
  ])(
    'are refused with 8 when the other bank is %s, and write nothing',
    async (_how, change, found) => {
      for (const argv of [['rollback'], ['invalidate', '5']]) {
        const name = file('refused.img', change);
        const before = readFileSync(join(folder, name));
        const { code, stdout, stderr } = await bank(name, ...argv);
        expect([code, stdout]).toEqual([8, '']);
        expect(stderr).toContain(
          'bank 5: expected another bank that is VALID, not exhausted and verified',
        );
        expect(stderr).toContain(found);
        expect(changed(before, name)).toEqual([]);
      }
    },
  );
});

describe('bank confirm', () => {
  it('gives an exhausted bank its attempts back', async () => {
    const name = file('confirm.img', (image) => image.mark(6, { attempts: '3', verdict: 'B' }));
    expect((await bank(name, 'confirm', '6')).code).toBe(0);
    const { banks } = JSON.parse((await bank(name, '--json')).stdout);
    expect(banks[1]).toMatchObject({ state: 'VALID', attempts: 0, verdict: '-' });
  });

  it('takes the first in order without a number', async () => {
    const name = file('current.img', (image) => image.mark(5, { attempts: '2', verdict: 'H' }));
    const { stdout } = await bank(name, 'confirm', '--json');
    expect(JSON.parse(stdout).changed).toBe(5);
  });

  it.each(['1', '2', '3'] as const)(
    'is refused with 8 for a bank in state %s',
    async (bootstate) => {
      const name = file('not.img', (image) => image.mark(6, { bootstate, updated: 1 }));
      const { code, stderr } = await bank(name, 'confirm', '6');
      expect(code).toBe(8);
      expect(stderr).toContain('bank 6: expected VALID');
    },
  );
});

describe('bank with a wrong command line or image', () => {
  it.each([
    ['an unknown action', ['melt'], 2],
    ['no number where there must be one', ['invalidate'], 2],
    ['a number where there is none', ['rollback', '5'], 2],
    ['a number that is none', ['confirm', 'five'], 2],
    ['a bank that is not there', ['invalidate', '7'], 8],
  ])('%s ends with one sentence', async (_what, argv, expected) => {
    const { code, stderr } = await bank(file('wrong.img'), ...argv);
    expect(code).toBe(expected);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('ends with 6 for what is no image of ours, and with 5 for none', async () => {
    writeFileSync(join(folder, 'foreign.img'), Buffer.alloc(40_000, 'x'));
    expect((await bank('foreign.img', 'rollback')).code).toBe(6);
    expect((await bank('none.img')).code).toBe(5);
    const missing = await bank('missing.img', 'rollback');
    expect(missing.code).toBe(5);
  });

  it('waits for a lock that others hold, and makes no file of its own', async () => {
    const name = file('locked.img');
    const holder = spawn('flock', [join(folder, name), 'sh', '-c', 'echo held; sleep 1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const begun = performance.now();
    expect((await bank(name, 'rollback')).code).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(500);
  });
});

function damage(image: SmallImage, partition: number): void {
  image.edit(partition, (volume) => volume.overwrite('engine.v00', 100, new Uint8Array(9)));
}

function tear(image: SmallImage, partition: number): void {
  image.edit(partition, (volume) => volume.overwrite('boot.cfg', 30, new Uint8Array(994)));
}

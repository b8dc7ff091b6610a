import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, type LogFileOptions } from '../../../../../src/runtime/agents/syslog/log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (more: Partial<LogFileOptions> = {}) =>
  new LogFile({ folder, name: 'auth', fileBytes: 40, older: 2, ...more });
/** Ten bytes. */
const line = (number: number) => `line ${String(number).padStart(4, '0')}\n`;
const add = (log: LogFile, from: number, to: number) => {
  for (let number = from; number < to; number++) log.append(line(number));
};
const text = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(from + index)).join('');
const files = () =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
/** All of it, a page after another. */
function readAll(log: LogFile, from = 0, most = 20): string {
  const texts: string[] = [];
  for (let at = from; ; ) {
    const page = log.read(at, most);
    texts.push(page.text);
    at = page.next;
    if (page.end) return texts.join('');
  }
}

describe('P5: a log', () => {
  it('is there from the start, and has what was added at the end of the turn', async () => {
    const log = open();
    add(log, 0, 2);
    expect(files()).toEqual([['auth.log', '']]);
    await new Promise(setImmediate);
    expect(files()).toEqual([['auth.log', text(0, 2)]]);
  });

  it('begins a new file where the next line would not fit, and drops the oldest', () => {
    const log = open();
    add(log, 0, 14);
    expect(log.status()).toEqual({ file: 'auth', bytes: 100, first: 40, next: 140, lost: 0 });
    expect(files()).toEqual([
      ['auth.0.log', text(8, 12)],
      ['auth.1.log', text(4, 8)],
      ['auth.log', text(12, 14)],
    ]);
    log.append(`${'x'.repeat(60)}\n`);
    log.append('y\n');
    log.flush();
    expect(files().at(-1)).toEqual(['auth.log', 'y\n']);
  });

  it('is read by positions, which stay when files are rotated', () => {
    const log = open();
    add(log, 0, 6);
    expect(log.read(0, 25)).toEqual({ text: text(0, 2), from: 0, next: 20, end: false });
    add(log, 6, 14);
    expect(readAll(log)).toBe(text(4, 14));
    expect(log.read(20, 25)).toMatchObject({ from: 40, text: text(4, 6) });
    expect(readAll(log, 130)).toBe(text(13, 14));
    expect(log.read(140, 25)).toEqual({ text: '', from: 140, next: 140, end: true });
    expect(log.read(999, 25)).toMatchObject({ from: 140, end: true });
  });

  it('goes on with the files of an agent before it', () => {
    add(open(), 0, 0);
    const before = open();
    add(before, 0, 6);
    before.flush();
    // Killed while it wrote, and while it renamed.
    writeFileSync(join(folder, 'auth.0.log'), `${text(0, 3)}half`);
    const log = open();
    add(log, 6, 8);
    expect(readAll(log)).toBe(text(0, 3) + text(4, 8));
    expect(log.status()).toMatchObject({ first: 0, next: 74 });
  });

  it('drops its oldest file where there is no room, and counts what finds none even so', () => {
    let room = 70;
    const write = (fd: number, bytes: Uint8Array): number => {
      const fits = bytes.subarray(0, Math.max(0, room));
      if (fits.length === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      room -= fits.length;
      return writeSync(fd, fits);
    };
    const log = open({ write });
    add(log, 0, 4);
    log.flush();
    add(log, 4, 8);
    log.flush();
    // Three of the four fitted: none is kept, and the older file goes; there is still no room.
    expect(log.status()).toMatchObject({ first: 40, bytes: 0, lost: 40 });
    room = 1000;
    add(log, 8, 9);
    expect(readAll(log)).toBe(line(8));
  });
});

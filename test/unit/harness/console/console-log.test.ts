import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consoleLog, plainText } from '../../../../src/harness/console/console-log.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const minute = { timeoutMs: 60_000 };

/** What OVMF and GRUB really write before the loader's first line, and the kernel after it. */
const bootOutput =
  '\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: starting Boot0001 "Misc"\r\n' +
  '\x1b[0m\x1b[30m\x1b[47mWelcome to GRUB!\n\r\n\r\x1b[0m\x1b[37m\x1b[40mtwinbank: loader\n\r' +
  "\x1b[0m\x1b[30m\x1b[40m\x1b[2J\x1b[01;01H\x1b[0m\x1b[37m\x1b[40m  Booting `twinbank'\n\r" +
  '\x1b]0;title\x07\x1b]2;title\x1b\\\x1b(B\x1b7\x1b8\x1bc\x1b=Grüße, 世界 🚀\ttab  \r\n';
const bootLines = [
  'BdsDxe: starting Boot0001 "Misc"',
  'Welcome to GRUB!',
  '',
  'twinbank: loader',
  "  Booting `twinbank'",
  'Grüße, 世界 🚀\ttab',
];

function linesOf(chunks: Uint8Array[]): string[] {
  const log = consoleLog(() => 0);
  for (const chunk of chunks) log.feed(chunk);
  log.close();
  return log.lines.map(({ text }) => text);
}

describe('the lines of a console', () => {
  it('drops what moves the cursor, sets colours or titles', () => {
    expect(linesOf([bytes(bootOutput)])).toEqual(bootLines);
  });

  it('are the same wherever the bytes are cut, in a character or in a sequence', () => {
    const all = bytes(bootOutput);
    for (let at = 0; at <= all.length; at++) {
      expect(linesOf([all.subarray(0, at), all.subarray(at)]), `cut at ${at}`).toEqual(bootLines);
    }
    expect(linesOf([...all].map((byte) => Uint8Array.of(byte)))).toEqual(bootLines);
  });

  it('are the same for any text cut into any chunks', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.nat(9), { minLength: 1 }),
        (text, cuts) => {
          const all = bytes(text);
          const chunks: Uint8Array[] = [];
          for (let at = 0, i = 0; at < all.length; i++) {
            const end = at + (cuts[i % cuts.length] ?? 0) + 1;
            chunks.push(all.subarray(at, end));
            at = end;
          }
          expect(linesOf(chunks)).toEqual(linesOf([all]));
        },
      ),
    );
  });

  it('never hold a control character, whatever a machine writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        for (const line of linesOf([noise])) expect(line).not.toMatch(/[^\t\P{Cc}]/u);
      }),
    );
  });

  it('have the time at which they ended', () => {
    let now = 1;
    const log = consoleLog(() => now);
    log.feed(bytes('a'));
    now = 2.5;
    log.feed(bytes('b\nc'));
    expect(log.lines).toEqual([{ seconds: 2.5, text: 'ab' }]);
  });

  it('ends with the unfinished line when the machine goes away, once', () => {
    const log = consoleLog(() => 0);
    log.feed(bytes('rescue> '));
    expect(log.lines).toEqual([]);
    log.close();
    log.close();
    expect(log.lines.map(({ text }) => text)).toEqual(['rescue>']);
  });

  it('takes a very long line without taking very long', () => {
    const dots = bytes('.'.repeat(1000));
    expect(linesOf(Array.from({ length: 20_000 }, () => dots))[0]).toHaveLength(20_000_000);
  });
});

describe('waiting for a line', () => {
  it('ends at once with one that is there, from a place on', async () => {
    const log = consoleLog(() => 7);
    log.feed(bytes('ready 1\nother\nready 2\n'));
    expect(await log.waitFor(/ready/, minute)).toEqual({ line: { seconds: 7, text: 'ready 1' } });
    expect(await log.waitFor(/ready/, { ...minute, from: 1 })).toMatchObject({
      line: { text: 'ready 2' },
    });
  });

  it('ends with one that comes later, once it is whole', async () => {
    const log = consoleLog(() => 0);
    const wait = log.waitFor(/^ready$/, minute);
    log.feed(bytes('rea'));
    log.feed(bytes('dy'));
    log.feed(bytes('\nready\n'));
    expect(await wait).toMatchObject({ line: { text: 'ready' } });
  });

  it('ends when the machine goes away, with its last words if these are it', async () => {
    const log = consoleLog(() => 0);
    const last = log.waitFor(/Power down/, minute);
    const never = log.waitFor(/ready/, minute);
    log.feed(bytes('Power down'));
    log.close();
    expect(await last).toMatchObject({ line: { text: 'Power down' } });
    expect(await never).toEqual({ ended: 'closed' });
    expect(await log.waitFor(/ready/, minute)).toEqual({ ended: 'closed' });
  });

  it('ends in time', async () => {
    const log = consoleLog(() => 0);
    expect(await log.waitFor(/ready/, { timeoutMs: 1 })).toEqual({ ended: 'timeout' });
    log.feed(bytes('ready\n'));
  });

  it('does not keep another from hearing the same line', async () => {
    const log = consoleLog(() => 0);
    const heard: string[] = [];
    log.onLine(({ text }) => heard.push(text));
    const waits = [log.waitFor(/x/, minute), log.waitFor(/x/, minute)];
    log.feed(bytes('x\ny\n'));
    expect(await Promise.all(waits)).toHaveLength(2);
    expect(heard).toEqual(['x', 'y']);
  });
});

it('hands on what was said before anybody asked, to who wants every line', () => {
  const log = consoleLog(() => 0);
  log.feed(bytes('early\n'));
  const every: string[] = [];
  const later: string[] = [];
  log.onEveryLine(({ text }) => every.push(text));
  log.onLine(({ text }) => later.push(text));
  log.feed(bytes('late\n'));
  expect(every).toEqual(['early', 'late']);
  expect(later).toEqual(['late']);
});

it('keeps what only looks like a sequence in plain text', () => {
  expect(plainText('[   33.6] reboot: [2J \\x1b[0m')).toBe('[   33.6] reboot: [2J \\x1b[0m');
});

it('cuts a line that has no end', () => {
  const log = consoleLog(() => 0);
  const chunk = Buffer.alloc(8 << 20, 'x');
  for (let count = 0; count < 10; count++) log.feed(chunk);
  expect(log.lines).toHaveLength(1);
});

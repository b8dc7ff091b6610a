import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grubScript } from '../../../src/bootloader/grub-script.ts';
import { type ConsoleEvent, lineTexts } from '../../../src/protocol/console-event.ts';
import { consoleLine } from '../../../src/protocol/console-line.ts';
import { parseConsoleLine } from '../../../src/protocol/parse-console-line.ts';

/** Every form of every event, with its line. */
const samples: readonly (readonly [string, ConsoleEvent])[] = [
  ['twinbank: loader', { type: 'loader' }],
  ['twinbank: bank 5 MALFORMED', { type: 'bank', bank: 5, state: 'MALFORMED' }],
  [
    'twinbank: bank 15 VALID attempts=3 verdict=- updated=12 build=1.2.0-120',
    {
      type: 'bank',
      bank: 15,
      state: 'VALID',
      attempts: 3,
      verdict: '-',
      updated: 12,
      build: '1.2.0-120',
    },
  ],
  [
    'twinbank: bank 5 set bootstate=3 attempts=0 verdict=T',
    { type: 'marks-written', bank: 5, bootstate: 3, attempts: 0, verdict: 'T' },
  ],
  ['twinbank: bank 5 could not be written', { type: 'marks-not-written', bank: 5 }],
  ['twinbank: verifying bank 6', { type: 'verifying', bank: 6 }],
  [
    'twinbank: bank 6 refused: contents: vmkernel does not match its hash',
    { type: 'refused', bank: 6, reason: 'contents: vmkernel does not match its hash' },
  ],
  ['twinbank: booting bank 6 build=1-1', { type: 'booting', bank: 6, build: '1-1' }],
  ['twinbank: starting kernel of bank 6', { type: 'starting-kernel', bank: 6 }],
  ['twinbank: menu', { type: 'menu' }],
  [
    'twinbank: menu: 2 boots bank 6 once: 1-1 VALID attempts=0 verdict=- (none)',
    { type: 'menu-entry', key: '2', bank: 6, about: '1-1 VALID attempts=0 verdict=- (none)' },
  ],
  [
    'twinbank: menu: r rolls back, Esc goes on; goes on by itself after 30 seconds',
    { type: 'menu-keys', seconds: 30 },
  ],
  [
    'twinbank: roll back from bank 5 build=2-1 to bank 6 build=1-1: press y, or Esc',
    { type: 'rollback-question', from: 5, fromBuild: '2-1', to: 6, toBuild: '1-1' },
  ],
  [
    'twinbank: rollback refused: bank 5 could not be written',
    { type: 'rollback-refused', reason: 'bank 5 could not be written' },
  ],
  ['twinbank: rescue: no bank can be booted', { type: 'rescue' }],
  ['twinbank: rescue: bank 5: invalid', { type: 'rescue-bank', bank: 5, reason: 'invalid' }],
  [
    'twinbank: rescue: r tries again, b reboots; reboots by itself after 300 seconds',
    { type: 'rescue-keys', seconds: 300 },
  ],
  [
    'twinbank: stage=network at=18.42s vmk0 10.0.2.15/24',
    { type: 'stage', stage: 'network', at: 18.42, detail: 'vmk0 10.0.2.15/24' },
  ],
  ['twinbank: stage=state at=18.40s', { type: 'stage', stage: 'state', at: 18.4 }],
  [
    'twinbank: ready build=1-1 bank=5 boot=19.0s',
    { type: 'ready', build: '1-1', bank: 5, boot: 19 },
  ],
  [
    'twinbank: ready build=unknown bank=- boot=9.3s',
    { type: 'ready', build: 'unknown', bank: null, boot: 9.3 },
  ],
  [
    'twinbank: unhealthy build=1-1 bank=5 boot=12.0s agent syslog: it ended',
    { type: 'unhealthy', build: '1-1', bank: 5, boot: 12, why: 'agent syslog: it ended' },
  ],
  ['twinbank: unhealthy: agent syslog', { type: 'fell-ill', why: 'agent syslog' }],
  ['twinbank: healthy again', { type: 'healthy-again' }],
  ['twinbank: resetting: it hangs', { type: 'resetting', why: 'it hangs' }],
  ['twinbank: rebooting', { type: 'rebooting' }],
  [
    'twinbank: rebooting: the update is to be tried',
    { type: 'rebooting', why: 'the update is to be tried' },
  ],
  ['twinbank: shutting down: power button', { type: 'shutting-down', why: 'power button' }],
  ['twinbank: driver x: no such device', { type: 'text', text: 'driver x: no such device' }],
  ['Kernel panic - not syncing', { type: 'panic' }],
  ['Kernel panic - not syncing: VFS: x', { type: 'panic', why: 'VFS: x' }],
];

describe('a console line', () => {
  it.each(samples)('is written and read alike: %s', (line, event) => {
    expect(consoleLine(event)).toBe(line);
    expect(parseConsoleLine(line)).toEqual(event);
  });

  it('has a sample here for every type of event', () => {
    const types = new Set(samples.map(([, { type }]) => type));
    expect([...types].sort()).toEqual([...Object.keys(lineTexts), 'text'].sort());
  });

  it.each(samples)('is found behind what a kernel wrote before it: %s', (line, event) => {
    expect(parseConsoleLine(`[    3.141592] usb 1-1: new device${line}`)).toEqual(event);
  });

  it('says nothing where it is a stranger', () => {
    for (const line of ['', 'SeaBIOS (version 1.16)', 'twinbank:', 'Twinbank: loader', '# reset']) {
      expect(parseConsoleLine(line)).toBeUndefined();
    }
  });

  it.each([
    ['booting bank 5[   19.9] usb', { type: 'booting', bank: 5 }],
    ['bank 5 set bootstate=2 attem[ 1.0] x', { type: 'marks-written', bank: 5, bootstate: 2 }],
    ['bank 5 VALID attempts=[ 1.0] x', { type: 'bank', bank: 5, state: 'VALID' }],
    ['stage=bank', { type: 'stage', stage: 'bank' }],
    ['ready build=1-1 ba[ 1.0] x', { type: 'ready', build: '1-1' }],
    ['ready [ 1.0] x', { type: 'ready' }],
    ['unhealthy build=1-1 bank=5 boot=1', { type: 'unhealthy', build: '1-1', bank: 5 }],
    ['verifying bank 5 [ 1.0] x', { type: 'verifying', bank: 5 }],
    ['rescue: no bank can be booted[ 1.0]', { type: 'rescue' }],
    ['roll back from bank 5 build=1', { type: 'rollback-question', from: 5, fromBuild: '1' }],
  ])('tells what noise in it has left: %s', (text, event) => {
    expect(parseConsoleLine(`twinbank: ${text}`)).toEqual(event);
  });

  it.each(['loader x', 'menu x', 'bank x', 'bank 5', 'verifying', 'stage', 'ready', 'toString'])(
    'is a text where it is like none of the others: %s',
    (text) => {
      expect(parseConsoleLine(`twinbank: ${text}`)).toEqual({ type: 'text', text });
    },
  );

  it('tells of a reset that cut another one short', () => {
    expect(parseConsoleLine('twinbank: stage=netwtwinbank: loader')).toEqual({ type: 'loader' });
    expect(parseConsoleLine('twinbank: unhealthy build=1twinbank: loader')).toEqual({
      type: 'loader',
    });
    expect(parseConsoleLine('twinbank: stagetwinbank: verifying bank 5')).toEqual({
      type: 'verifying',
      bank: 5,
    });
  });

  it('of any kind never makes the reader throw', () => {
    const words = fc.constantFrom(
      ...samples.flatMap(([line]) => line.split(/(?<= )/)),
      ...['twinbank: ', '=', '-', ' '],
    );
    const noise = fc.array(fc.oneof(words, fc.string({ maxLength: 5 }))).map((all) => all.join(''));
    fc.assert(
      fc.property(noise, (line) => {
        const event = parseConsoleLine(line);
        if (!line.includes('twinbank: ') && !line.includes('Kernel panic')) {
          expect(event).toBeUndefined();
        }
      }),
    );
  });
});

describe("the loader's script", () => {
  const script = grubScript({ banks: [5, 6] });
  /** What a run could put into the script's variables. */
  const variables: Readonly<Record<string, string>> = {
    bank: '5',
    tb_state: 'VALID',
    attempts: '0',
    verdict: '-',
    updated: '2',
    build: '1.2.0-120',
    why: 'contents: vmkernel.sum is unreadable',
    tb_text: '1-1 VALID attempts=0 verdict=- (none)',
    tb_from: '5',
    tb_from_build: '2-1',
    tb_first_to: '6',
    tb_first_build: '1-1',
    b5_why: 'invalid',
    b6_why: 'rolled back',
    b5_said: 'VALID attempts=0 verdict=- updated=2 build=1.2.0-120',
    b6_said: 'MALFORMED',
    tb_done: '#',
    tb_left: '..',
  };
  const lines = [...script.matchAll(/echo "([^"]*)"/g)].map(([, text = '']) => {
    const positional = text.includes('refused') ? ['invalid'] : ['2', '0', 'T'];
    return text.replace(/\$(\w+)/g, (_, name) => {
      const value = variables[name] ?? positional[Number(name) - 1];
      if (value === undefined) throw new Error(`${text}: expected a value for $${name}`);
      return value;
    });
  });

  // How far the verification is, which the screen alone shows.
  const progress = 'twinbank: verifying bank 5 ... [#..] 2';

  it('shows progress on the screen as the line of the verification and more', () => {
    expect(lines).toContain(progress);
    expect(progress.startsWith(consoleLine({ type: 'verifying', bank: 5 }))).toBe(true);
  });

  it.each(lines.filter((line) => line !== progress))(
    'prints a line that is read and written alike: %s',
    (line) => {
      const event = parseConsoleLine(line);
      expect(event?.type).not.toBe('text');
      expect(event && consoleLine(event)).toBe(line);
    },
  );

  it('prints every line that is the loader’s', () => {
    const types = Object.keys(lineTexts);
    const loaders = types.slice(0, types.indexOf('stage'));
    const printed = new Set(lines.map((line) => parseConsoleLine(line)?.type));
    expect([...printed].sort()).toEqual([...loaders, 'rebooting'].sort());
  });

  it('echoes nothing that is no line of ours', () => {
    expect(script.match(/^\s*echo\b/gm)).toHaveLength(lines.length);
  });
});

describe('init', () => {
  const path = join(import.meta.dirname, '../../../src/runtime/image/initramfs/init');
  const script = readFileSync(path, 'utf8');

  it('prints its stages as they are read', () => {
    const format = /printf '(twinbank: [^']*)' "\$name"/.exec(script)?.[1] ?? '';
    const stages = [...script.matchAll(/^ *stage ([a-z-]+) (.*)$/gm)];
    expect(stages.map(([, name]) => name)).toEqual([
      ...['failed', 'kernel', 'watchdog', 'fault', 'fault'],
    ]);
    for (const [, name = '', detail = ''] of stages) {
      const values = [name, '7', detail];
      const line = format.replace(/%(?:s|02d|d)/g, (form) =>
        form === '%02d' ? '05' : (values.shift() ?? ''),
      );
      const event = parseConsoleLine(line);
      expect(event).toMatchObject({ type: 'stage', stage: name, at: 7.05 });
      expect(event && consoleLine(event)).toBe(line);
    }
  });

  it('prints nothing else in our name but texts', () => {
    const others = [...script.matchAll(/"<6>(twinbank: [^"]*)"/g)].map(([, text = '']) => text);
    expect(others).toHaveLength(1);
    for (const line of others) expect(parseConsoleLine(line)).toMatchObject({ type: 'text' });
    expect(script.match(/twinbank: /g)).toHaveLength(2);
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemConsole } from '../../../../src/runtime/system/console.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'console-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the console', () => {
  const clock = { sincePowerOn: () => 12.3, sinceKernel: () => 2.1 };
  const place = (active: string) => {
    const files = { active: join(folder, 'active'), log: join(folder, 'kmsg'), devices: folder };
    writeFileSync(files.active, active);
    return files;
  };

  it("writes a stage to the kernel's log and to every console", () => {
    const files = place('tty0 ttyS0\n');
    for (const name of ['kmsg', 'tty0', 'ttyS0']) writeFileSync(join(folder, name), '');
    systemConsole(clock, files).stage('engine', 'Node 22');
    expect(readFileSync(files.log, 'utf8')).toBe('<6>twinbank: stage=engine at=12.30s Node 22\n');
    for (const name of ['tty0', 'ttyS0']) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe(
        'twinbank: stage=engine at=12.30s Node 22\r\n',
      );
    }
  });

  it("keeps what stays on the host's own screen from every other console", () => {
    const files = place('tty0 ttyS0 hvc0\n');
    for (const name of ['kmsg', 'tty0', 'ttyS0', 'hvc0']) writeFileSync(join(folder, name), '');
    const console = systemConsole(clock, files);
    console.line('a word');
    console.panel(['twinbank 1.0']);
    const texts = ['tty0', 'ttyS0', 'hvc0'].map((name) => readFileSync(join(folder, name), 'utf8'));
    // A terminal goes on where it was; this file begins anew.
    expect(texts[0]).toMatch(/twinbank 1\.0.*twinbank: a word\r\n$/);
    expect(texts.slice(1)).toEqual(['twinbank: a word\r\n', 'twinbank: a word\r\n']);
  });

  it('makes one line that the kernel takes of whatever a driver says', () => {
    const files = place('');
    writeFileSync(files.log, '');
    systemConsole(clock, files).line(`driver x: first\nsecond\r\n\tthird ${'y'.repeat(5000)}`);
    const text = readFileSync(files.log, 'utf8');
    expect(text).toMatch(/^<6>twinbank: driver x: first second third y+\n$/);
    expect(text.length).toBeLessThan(900);
  });

  it('drives no terminal by what somebody else has said', () => {
    const files = place('ttyS0');
    for (const name of ['kmsg', 'ttyS0']) writeFileSync(join(folder, name), '');
    systemConsole(clock, files).line('agent lamp: \x1b[2J\x07\x9b31mGrüße\x00');
    const text = 'twinbank: agent lamp: ?[2J??31mGrüße?';
    expect(readFileSync(files.log, 'utf8')).toBe(`<6>${text}\n`);
    expect(readFileSync(join(folder, 'ttyS0'), 'utf8')).toBe(`${text}\r\n`);
  });

  it('goes on without a console that has gone, and makes no file in its place', () => {
    const files = place('ttyS0');
    systemConsole(clock, files).line('hello');
    expect(existsSync(join(folder, 'ttyS0'))).toBe(false);
  });

  it('does not wait for a console that nobody reads', () => {
    const files = place('ttyS0');
    execFileSync('mkfifo', [join(folder, 'ttyS0')]);
    systemConsole(clock, files).line('hello');
  });
});

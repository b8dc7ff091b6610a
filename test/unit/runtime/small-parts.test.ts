import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeOverGroup } from '../../../src/runtime/system/cgroup.ts';
import { systemClock } from '../../../src/runtime/system/clock.ts';
import { runCommand } from '../../../src/runtime/system/command.ts';
import { systemConsole } from '../../../src/runtime/system/console.ts';
import { holdsPowerPress } from '../../../src/runtime/system/power.ts';
import { supervise } from '../../../src/runtime/system/supervisor.ts';
import { parseKernelCommandLine } from '../../../src/runtime/vmkernel/boot/kernel-command-line.ts';
import { currentLeases } from '../../../src/runtime/vmkernel/network/network.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the kernel's command line", () => {
  it('tells build, bank and partition among words that are for others', () => {
    const text =
      'BOOT_IMAGE=(hd0,gpt5)/vmkernel console=ttyS0,115200n8 quiet twinbank.build=0.1.0-1 ' +
      'twinbank.layers=engine,agents twinbank.bank=5 twinbank.partuuid=5A2F0C11-AB\n';
    expect(parseKernelCommandLine(text)).toMatchObject({
      build: '0.1.0-1',
      bank: 5,
      partitionGuid: '5a2f0c11-ab',
    });
  });

  it.each([
    '',
    'quiet',
    'twinbank.bank= twinbank.partuuid=',
    'twinbank.bank=five',
    'twinbank.bank=-1',
    'twinbank.bank',
    'xtwinbank.bank=5',
  ])('names no bank where the loader did not choose one: %j', (text) => {
    const found = parseKernelCommandLine(text);
    expect(found.build).toBe('unknown');
    expect(found).not.toHaveProperty('bank');
    expect(found).not.toHaveProperty('partitionGuid');
  });
});

/** struct input_event of 64-bit Linux: two 8-byte times, type, code, value. */
function inputEvent(type: number, code: number, value: number): Buffer {
  const event = Buffer.alloc(24, 0xee);
  event.writeUInt16LE(type, 16);
  event.writeUInt16LE(code, 18);
  event.writeInt32LE(value, 20);
  return event;
}

describe('a press of the power button', () => {
  const press = inputEvent(1, 116, 1);
  const synchronised = inputEvent(0, 0, 0);

  it('is seen among other events', () => {
    expect(holdsPowerPress(press)).toBe(true);
    expect(holdsPowerPress(Buffer.concat([inputEvent(1, 30, 1), synchronised, press]))).toBe(true);
    expect(holdsPowerPress(Buffer.concat([Buffer.alloc(5), press]).subarray(5))).toBe(true);
  });

  it.each([
    { what: 'its release', event: inputEvent(1, 116, 0) },
    { what: 'its repetition', event: inputEvent(1, 116, 2) },
    { what: 'another key', event: inputEvent(1, 142, 1) },
    { what: 'another kind of event with the same number', event: inputEvent(4, 116, 1) },
    { what: 'half an event', event: press.subarray(0, 23) },
    { what: 'nothing', event: Buffer.alloc(0) },
  ])('is not $what', ({ event }) => {
    expect(holdsPowerPress(event)).toBe(false);
  });
});

describe('the clock', () => {
  it("adds what init measured to the kernel's uptime", () => {
    const files = { offset: join(folder, 'offset'), uptime: join(folder, 'uptime') };
    writeFileSync(files.uptime, '12.34 40.00\n');
    expect(systemClock(files).sincePowerOn()).toBe(12.34);
    writeFileSync(files.offset, '1017\n');
    expect(systemClock(files).sincePowerOn()).toBe(22.51);
    writeFileSync(files.offset, '');
    expect(systemClock(files).sincePowerOn()).toBe(12.34);
  });
});

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

  it('makes one line that the kernel takes of whatever a driver says', () => {
    const files = place('');
    writeFileSync(files.log, '');
    systemConsole(clock, files).line(`driver x: first\nsecond\r\n\tthird ${'y'.repeat(5000)}`);
    const text = readFileSync(files.log, 'utf8');
    expect(text).toMatch(/^<6>twinbank: driver x: first second third y+\n$/);
    expect(text.length).toBeLessThan(900);
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

describe('a program of the bank', () => {
  it('ends with its code and both of its streams', async () => {
    expect(await runCommand('/bin/sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      output: 'out\nerr',
    });
  });

  it('that is not there ends with 127', async () => {
    expect(await runCommand(join(folder, 'nothing'), [])).toMatchObject({ code: 127 });
  });

  it('that hangs is killed and left behind', async () => {
    const pidFile = join(folder, 'pid');
    const script = `echo $$ >${pidFile}; exec sleep 1000`;
    const end = await runCommand('/bin/sh', ['-c', script], { timeoutMs: 3000 });
    expect(end).toEqual({ code: 124, output: 'it did not end in 3 s' });
    const pid = readFileSync(pidFile, 'utf8').trim();
    while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
  });

  it('is kept running while it is wanted, and heard', async () => {
    let starts = 0;
    let text = '';
    await new Promise<void>((done) => {
      supervise(
        { name: 'echo', path: '/bin/echo', args: ['hi'] },
        {
          wanted: () => {
            if (++starts > 3) done();
            return starts <= 3;
          },
          onOutput: (chunk) => {
            text += chunk;
          },
          pauseMs: 1,
        },
      );
    });
    expect(text).toBe('hi\nhi\nhi\n');
  });

  it('that cannot be started is tried again', async () => {
    let tries = 0;
    await new Promise<void>((done) => {
      const wanted = (): boolean => {
        if (++tries === 3) done();
        return tries < 3;
      };
      const program = { name: 'none', path: join(folder, 'nothing'), args: [] };
      supervise(program, { wanted, pauseMs: 1 });
    });
    expect(tries).toBe(3);
  });
});

describe("vmkd's control group", () => {
  it('is made by the first vmkd; the next one ends what is left in it', () => {
    const group = join(folder, 'vmkd');
    expect(takeOverGroup(group)).toBe(false);
    expect(existsSync(join(group, 'cgroup.kill'))).toBe(false);
    expect(readFileSync(join(group, 'cgroup.procs'), 'utf8')).toBe(String(process.pid));
    expect(takeOverGroup(group)).toBe(true);
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1');
  });

  it('is done without where there is no such thing', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(takeOverGroup(join(folder, 'file/vmkd'))).toBe(false);
  });
});

it('leases are those that are whole and not being written', () => {
  expect(currentLeases(join(folder, 'none'))).toEqual([]);
  mkdirSync(join(folder, 'leases'));
  const lease = { interface: 'eth0', address: '10.0.2.15', prefix: 24, router: '', dns: '' };
  writeFileSync(join(folder, 'leases/eth0.json'), JSON.stringify(lease));
  writeFileSync(join(folder, 'leases/.eth1'), JSON.stringify(lease));
  writeFileSync(join(folder, 'leases/.eth2.json'), '{');
  writeFileSync(join(folder, 'leases/eth3.json'), '{');
  expect(currentLeases(join(folder, 'leases'))).toEqual([lease]);
});

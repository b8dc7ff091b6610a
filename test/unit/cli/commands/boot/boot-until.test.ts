import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { smallImage } from '../../../bootloader/small-image.ts';
import { fakeQemu } from '../../../harness/qemu/fake-qemu.ts';
import { runHere } from '../../host.ts';

let folder: string;
let fake: ReturnType<typeof fakeQemu> | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-boot-until-'));
  writeFileSync(join(folder, 'disk.img'), smallImage().bytes);
});
afterEach(() => fake?.restore());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A machine in place of QEMU that says these lines and then goes off as a reset does. */
function sayLines(lines: readonly string[]): void {
  fake = fakeQemu(`
const serial = connect('console');
connect('vmkd');
const control = connect('qmp');
qmp(control, () => {
  serial.write(${JSON.stringify(`${lines.join('\r\n')}\r\n`)}, () => {
    control.write(JSON.stringify({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } }) + '\\n');
    serial.end('', () => control.end(() => process.exit(0)));
  });
});`);
}

async function boot(until: string, ...lines: string[]) {
  sayLines(lines);
  const { code, stdout, stderr } = await runHere(
    ['boot', 'disk.img', '--until', until, '--json', '-q'],
    { host: { cwd: folder, env: { ...process.env } } },
  );
  return { code, stderr, ...(JSON.parse(stdout) as Record<string, unknown>) };
}

const loader = ['twinbank: loader', 'twinbank: booting bank 5 build=1.2.3-400'];

describe('boot', () => {
  it('ends with where the time went, and a line for each bank that says which', async () => {
    sayLines([...loader, 'twinbank: ready build=1.2.3-400 bank=5 boot=9.0s', 'login:']);
    const { code, stdout } = await runHere(['boot', 'disk.img', '--until', 'login', '-q'], {
      host: { cwd: folder, env: { ...process.env } },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nBank 5 {2}VALID, build 1\.2\.3-400, .*\nBank 6 {2}\w+, build .*\n$/);
  });
});

describe('boot that takes too long', () => {
  it('says which console option the bank lacks that was started', async () => {
    fake = fakeQemu(`
const serial = connect('console');
connect('vmkd');
qmp(connect('qmp'), () => serial.write(${JSON.stringify(`${loader.join('\r\n')}\r\n`)}));`);
    const { code, stderr } = await runHere(['boot', 'disk.img', '--timeout', '3', '-q'], {
      host: { cwd: folder, env: { ...process.env } },
    });
    expect(code).toBe(7);
    expect(stderr).toContain(
      'expected the ready line, found none in 3 s; the loader started bank 5, and its kernel said nothing: its kernel options have no console= at all',
    );
  });
});

describe('boot --until', () => {
  it('ends with 0 and says reached, not healthy, in the loader and in the kernel', async () => {
    expect(await boot('booting bank', ...loader)).toMatchObject({
      ...{ code: 0, outcome: 'reached', booted: 5, bootSeconds: null },
    });
    expect(await boot('Linux', ...loader, 'twinbank: stage=kernel at=3.00s Linux')).toMatchObject({
      ...{ code: 0, outcome: 'reached' },
    });
  });

  it('says healthy where the system was ready before', async () => {
    const ready = 'twinbank: ready build=1.2.3-400 bank=5 boot=9.0s';
    expect(await boot('login', ...loader, ready, 'login:')).toMatchObject({
      ...{ code: 0, outcome: 'healthy', bootSeconds: 9 },
    });
  });

  it('ends with 7 for a panic and a reset, whatever the pattern matches', async () => {
    const panic = await boot('panic', ...loader, '[ 3.1] Kernel panic - not syncing: test');
    expect(panic).toMatchObject({ code: 7, outcome: 'panic' });
    const ill = 'twinbank: resetting: trial not healthy in 90 s';
    expect(await boot('reset|restart', ...loader, ill, 'reboot: restarting')).toMatchObject({
      ...{ code: 7, outcome: 'unhealthy' },
    });
    const silent = await boot('login', ...loader);
    expect(silent).toMatchObject({ code: 7, outcome: 'hang' });
    expect(silent.stderr).toContain('expected a console line like /login/, found hang');
  });
});

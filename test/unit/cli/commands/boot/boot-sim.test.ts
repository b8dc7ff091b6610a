import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedBytes } from '../../../../support/changed-bytes.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { runHere } from '../../host.ts';

let folder: string;
let image: Buffer;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-boot-sim-'));
  image = smallImage().bytes;
  writeFileSync(join(folder, 'whole.img'), image);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const boot = (name: string, ...argv: string[]) =>
  runHere(['boot', name, '--engine', 'sim', ...argv], {
    host: { cwd: folder, env: { PATH: process.env.PATH } },
  });
const file = (name: string) => readFileSync(join(folder, name));

describe('boot --engine sim', () => {
  it('shows what the loader and the system do, and both banks afterwards', async () => {
    const { code, stdout } = await boot('whole.img');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'twinbank: verifying bank 5\ntwinbank: booting bank 5 build=1.2.3-400\n',
    );
    expect(stdout).toMatch(
      /twinbank: ready build=1\.2\.3-400 bank=5 boot=0\.0s\n\nBoot 1 {2}bank 5 {2}healthy\nBank 5 {2}VALID/,
    );
  });

  it('has what the contract fixes in its JSON, and each event with its words', async () => {
    const { code, stdout } = await boot(
      'whole.img',
      '--json',
      '--boots',
      '9',
      '--fault',
      'init-hang',
    );
    const found = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(found).toMatchObject({ schemaVersion: 1, booted: 6, outcome: 'healthy', unfired: [] });
    expect(found.boots).toHaveLength(4);
    expect(found.boots[0]).toEqual({ boot: 1, booted: 5, outcome: 'hang' });
    expect(found.events[0]).toEqual({ boot: 1, type: 'power-on', text: '# power on, boot 1' });
    expect(found.events).toContainEqual({
      boot: 4,
      type: 'write',
      partition: 5,
      marks: { bootstate: '0', attempts: '3', verdict: 'B' },
      sticks: true,
      text: 'twinbank: bank 5 set bootstate=0 attempts=3 verdict=B',
    });
    expect(found.banks.map(({ attempts }: { attempts: number }) => attempts)).toEqual([3, 0]);
  });

  it('ends with 7 when the last boot it follows is not healthy', async () => {
    const { code, stdout, stderr } = await boot(
      'whole.img',
      '--fault',
      'kernel-panic',
      '--boots',
      '2',
    );
    expect(code).toBe(7);
    expect(stdout).toContain('Boot 2  bank 5  panic\n');
    expect(stderr).toBe('twinbank: boot 2: expected a healthy system, found panic of bank 5\n');
  });

  it('leaves the image as it is, unless it is told to write', async () => {
    await boot('whole.img', '--fault', 'kernel-panic', '--fault', 'missing=vmkernel@6');
    expect(Buffer.compare(file('whole.img'), image)).toBe(0);
    writeFileSync(join(folder, 'write.img'), image);
    await boot('write.img', '--write', '--fault', 'kernel-panic@5');
    const now = file('write.img');
    const changed = changedBytes(image, now);
    expect(changed.map((at) => String.fromCharCode(now[at]!))).toEqual(['1']);
    await boot('write.img', '--write');
    expect(Buffer.compare(file('write.img'), image)).toBe(0);
  });

  it('warns of a fault that never happened', async () => {
    const { stderr } = await boot('whole.img', '--fault', 'power-cut=dirty');
    expect(stderr).toContain('--fault power-cut=dirty: it never happened');
  });

  it.each([
    [['--fault', 'melt'], /--fault melt: expected one of/],
    [['--fault', 'missing=x'], /--fault missing=x: expected a file of the bank/],
    [['--boots', '0'], /--boots: expected a whole number from 1/],
    [['--until', 'ready'], /--until: expected --engine qemu/],
  ])('%j is a wrong command line', async (argv, message) => {
    const { code, stderr } = await boot('whole.img', ...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('lists the faults in its help', async () => {
    const { stdout } = await runHere(['boot', '--help'], {});
    expect(stdout).toContain('torn-boot-cfg=N');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSparse } from '../../../../support/sparse-file.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { runHere, sink } from '../../host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-inspect-'));
  writeFileSync(join(folder, 'whole.img'), smallImage().bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  writeSparse(join(folder, name), bytes);
  return name;
}

const inspect = (argv: readonly string[], env: Record<string, string> = {}) =>
  runHere(['inspect', ...argv], { host: { cwd: folder, env } });

describe('inspect of a loader', () => {
  it('tells that it is the one that was built with the system, or that nothing covers it', async () => {
    const { loader, notCovered } = JSON.parse((await inspect(['whole.img', '--json'])).stdout);
    expect([loader, notCovered]).toEqual([{ state: 'right', build: '1.2.3-400' }, []]);
    const old = smallImage();
    old.edit(1, (volume) => volume.write('grub/grub.cfg', Buffer.from('# grub\n')));
    for (const bank of [5, 6]) {
      old.edit(bank, (volume) => {
        for (const name of ['base.json', 'base.sig']) volume.remove(name);
      });
    }
    const name = write('old.img', old.bytes);
    expect(JSON.parse((await inspect([name, '--json'])).stdout).notCovered).toEqual(['loader']);
    expect((await inspect([name])).stdout).toMatch(/Not covered: loader\.\n$/);
  });

  it('finds a file in it that is not what the manifests list', async () => {
    const image = smallImage();
    image.edit(1, (volume) => volume.write('EFI/BOOT/BOOTX64.EFI', Buffer.from('MZ')));
    const { stdout } = await inspect([write('efi.img', image.bytes)]);
    expect(stdout).toContain(
      'error: loader: EFI/BOOT/BOOTX64.EFI: expected the bytes of 1.2.3-400,',
    );
    expect(stdout).not.toContain('Nothing is wrong');
  });
});

describe('inspect --json', () => {
  it('has what the contract fixes, with numbers as numbers', async () => {
    const { code, stdout } = await inspect(['whole.img', '--json']);
    const found = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(found.schemaVersion).toBe(1);
    expect(found.partitions[1]).toMatchObject({
      number: 5,
      name: 'bootbank1',
      type: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
      firstLba: 10240,
      lastLba: 18431,
      bytes: 4 * 2 ** 20,
    });
    const { modules, ...bank } = found.banks[0];
    expect(bank).toMatchObject({
      partition: 5,
      name: 'bootbank1',
      bootstate: 0,
      state: 'VALID',
      attempts: 0,
      verdict: '-',
      updated: 2,
      build: '1.2.3-400',
    });
    expect(bank.bytesFree).toBeGreaterThan(3 * 2 ** 20);
    expect(modules[0]).toMatchObject({
      name: 'vmkernel',
      version: '7.8',
      kind: 'base',
      bytes: 50_000,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      ok: true,
    });
    expect(found.next).toBe(5);
    expect(found.findings).toEqual([]);
  });
});

describe('inspect for people', () => {
  it('draws disk and banks within 80 columns, in ASCII unless the locale is UTF-8', async () => {
    const { stdout } = await inspect(['whole.img']);
    expect(stdout.split('\n').slice(2, 6)).toEqual([
      '+----+-----------------+----------------+----------------+----+----------------+',
      '| 14 |  1 bootloader   |  5 bootbank1   |  6 bootbank2   | 7  |    8 store     |',
      '+----+-----------------+----------------+----------------+----+----------------+',
      'no.  name        content     first LBA  last LBA        size',
    ]);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^[\n -~]*$/);
    const utf8 = await inspect(['whole.img'], { LC_ALL: 'C.UTF-8' });
    expect(utf8.stdout).toContain('┌────┬');
    expect(utf8.stdout).toContain('█');
  });

  it('says what boots next and why, and that nothing is wrong', async () => {
    const { stdout } = await inspect(['whole.img']);
    expect(stdout).toContain('Bank 5 bootbank1 boots next\n  VALID, build 1.2.3-400, updated 2,');
    expect(stdout).toContain(
      'Next boot: bank 5 (1.2.3-400): it is newer than bank 6 (updated 2, not 1)\n',
    );
    expect(stdout).toMatch(/Nothing is wrong with it\.\n$/);
  });

  it('shows the same words in colour, and none with NO_COLOR', async () => {
    const plain = await inspect(['whole.img']);
    const colored = await inspect(['whole.img'], { FORCE_COLOR: '1' });
    expect(colored.stdout).toContain('\u001b[');
    expect(stripVTControlCharacters(colored.stdout)).toBe(plain.stdout);
    const env = { FORCE_COLOR: '1', NO_COLOR: '1' };
    expect((await inspect(['whole.img'], env)).stdout).toBe(plain.stdout);
  });

  it('fits a narrow terminal by leaving out the drawing that does not', async () => {
    const stdout = { ...sink() };
    const stream = Object.assign(stdout.stream, { columns: 12 });
    const argv = ['inspect', 'whole.img'];
    expect((await runHere(argv, { host: { cwd: folder, stdout: stream } })).code).toBe(0);
    expect(stdout.text()).not.toContain('+--');
  });

  it('names a wrong module and keeps escape sequences from the terminal', async () => {
    const image = smallImage();
    image.edit(5, (volume) => {
      volume.overwrite('engine.v00', 0, new Uint8Array(10));
      const text = Buffer.from(volume.read('boot.cfg')).toString('latin1');
      volume.overwrite(
        'boot.cfg',
        0,
        Buffer.from(text.replace('1.2.3-400', '1\u001b[2J-40'), 'latin1'),
      );
    });
    const { code, stdout } = await inspect([write('wrong.img', image.bytes)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/engine {4}7\.8 {6}base {2}70001 {2}[0-9a-f]{12} {2}wrong\n/);
    expect(stdout).toContain('error: bank 5: ');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('inspect of what is no whole image', () => {
  it('shows a truncated one as far as it goes, and ends with 6', async () => {
    const cut = write('cut.img', smallImage().bytes.subarray(0, 12 * 2 ** 20));
    const { code, stdout, stderr } = await inspect([cut]);
    expect(code).toBe(6);
    expect(stdout).toContain('Bank 5 bootbank1 boots next');
    expect(stderr).toBe(
      'twinbank: cut.img: expected 19922944 bytes, as the partition table says, found 12582912: the image is cut short\n',
    );
    const json = JSON.parse((await inspect([cut, '--json'])).stdout);
    expect(json.error.code).toBe('image.truncated');
    expect(json.partitions).toHaveLength(6);
  });

  it.each([
    ['random bytes', Buffer.alloc(50_000, 0x81), 6, /^twinbank: x\.img: LBA 1: expected the GPT/],
    ['an empty file', Buffer.alloc(0), 6, /expected a disk image of 512 bytes or more, found 0/],
    [
      'a gzip file',
      Buffer.alloc(2000, '\x1f\x8b\x08', 'latin1'),
      6,
      /found a gzip file; unpack it/,
    ],
  ])('ends with one sentence for %s', async (_what, bytes, expected, message) => {
    const { code, stdout, stderr } = await inspect([write('x.img', bytes)]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('ends with 5 where there is no file', async () => {
    const { code, stderr } = await inspect(['none.img']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/none\.img: could not open it: there is no such file\n$/);
  });
});

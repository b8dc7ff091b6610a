import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { createBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import { encodeQcow2Header } from '../../../src/disk/qcow2/header.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { ndjsonLine } from '../../../src/harness/report/ndjson.ts';
import { homeFolder } from '../../../src/host/home-folder.ts';
import { temporaryFolder } from '../../../src/host/temporary-folder.ts';
import { exampleRun } from '../../support/report/example-run.ts';
import { smallImage } from '../bootloader/small-image.ts';
import { runHere } from './host.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'refusals-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const run = (...argv: string[]) => runHere(argv, { host: { cwd: folder } });

/** A qcow2 file with a header of our own, changed. */
function qcow2(name: string, change: (view: DataView) => void): string {
  const bytes = new Uint8Array(2 ** 20);
  const places = { refcountTableOffset: 65536, refcountTableClusters: 1 };
  const size = { clusterBytes: 65536, size: 2 ** 20, l1Entries: 1, l1Offset: 131072 };
  bytes.set(encodeQcow2Header({ version: 3, ...size, ...places }));
  change(new DataView(bytes.buffer));
  writeFileSync(at(name), bytes);
  return name;
}

const commands = [
  ['inspect'],
  ['verify'],
  ['boot', '--engine', 'sim'],
  ['boot', '--engine', 'qemu'],
  ['bank'],
];

describe('a file that is refused', () => {
  it.each(commands)('is named once by %s %s %s', async (...command) => {
    writeFileSync(at('zero.img'), new Uint8Array(2 ** 16));
    const { code, stderr } = await run(...command, 'zero.img');
    expect(code).toBe(6);
    expect(stderr).toMatch(/^twinbank: (\/\S*\/)?zero\.img: LBA 1: expected the GPT signature/);
    expect(stderr.match(/zero\.img/g)).toHaveLength(1);
  });

  it.each<[string, (view: DataView) => void]>([
    ['a backing file', (view) => view.setBigUint64(8, 4096n)],
    ['encryption method 2', (view) => view.setUint32(32, 2)],
    ['an external data file', (view) => view.setBigUint64(72, 4n)],
    ['another compression than zlib', (view) => view.setBigUint64(72, 8n)],
    ['extended L2 entries', (view) => view.setBigUint64(72, 16n)],
    ['features 0x20', (view) => view.setBigUint64(72, 32n)],
  ])('is said to be converted by qemu-img when it is a qcow2 with %s', async (what, change) => {
    const name = qcow2('x.qcow2', change);
    for (const command of commands) {
      const { code, stderr } = await run(...command, name);
      expect(code).toBe(6);
      expect(stderr).toContain(what);
      expect(stderr).toContain('; qemu-img convert -O raw makes an image that can be read\n');
      expect(stderr.match(/x\.qcow2/g)).toHaveLength(1);
    }
  });
});

describe('flash of an image with a block map', () => {
  function writeMap(change: (text: string) => string): void {
    const device = memoryDevice(smallImage().bytes);
    const text = encodeBmap(createBmap(device, nonZeroExtents(device)));
    writeFileSync(at('x.bmap'), change(text));
  }

  it('says what the map is, when it is flashed itself', async () => {
    writeMap((text) => text);
    const { code, stderr } = await run('flash', 'x.bmap', 'd.img');
    expect(code).toBe(6);
    expect(stderr).toContain(
      'found an XML file, as block maps (.bmap) are; name the image that it lies beside',
    );
  });

  it('says that a map without checksums verifies nothing', async () => {
    writeFileSync(at('x.img'), smallImage().bytes);
    writeMap((text) => text.replaceAll(/ chksum="\w+"/g, ''));
    const { code, stderr } = await run('flash', 'x.img', 'd.img');
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /x\.bmap: bmap: expected the checksums of its ranges, which the image is verified by, found none; make it with checksums, or remove it$/m,
    );
  });
});

describe('a merge key', () => {
  it('is said to be not taken, in place of being an unknown key', async () => {
    writeFileSync(at('m.yaml'), 'bank: &b { size: 48MiB }\nstore:\n  <<: *b\n  client: false\n');
    const { code, stderr } = await run('recipe', 'check', 'm.yaml');
    expect(code).toBe(3);
    expect(stderr.trim()).toBe(
      'm.yaml:3:3 store."<<": expected no merge key, as they are not taken (a recipe extends another one), found "<<"',
    );
  });
});

describe('report', () => {
  it('writes over no events that it reads, whatever they are called', async () => {
    const events = exampleRun().map(ndjsonLine).join('');
    writeFileSync(at('run.ndjson'), events);
    linkSync(at('run.ndjson'), at('same.xml'));
    for (const [option, path] of [
      ['--junit', 'run.ndjson'],
      ['--html', './run.ndjson'],
      ['--junit', 'same.xml'],
    ] as const) {
      const { code, stderr } = await run('report', 'run.ndjson', option, path);
      expect(code).toBe(2);
      expect(stderr).toContain(`${option}: expected another file than run.ndjson, which is read`);
    }
    expect(readFileSync(at('run.ndjson'), 'utf8')).toBe(events);
    const both = await run('report', 'run.ndjson', '--junit', 'out', '--html', './out');
    expect([both.code, both.stderr]).toEqual([
      2,
      expect.stringContaining('expected another file than --'),
    ]);
  });
});

describe('a user without a folder', () => {
  it('is told what to set', () => {
    const none = () => {
      throw new Error('ENOENT');
    };
    expect(() => homeFolder({}, 'TWINBANK_CACHE', none)).toThrow(
      'HOME: expected the folder of this user, found none; set TWINBANK_CACHE to a folder that can be written',
    );
    expect(homeFolder({ HOME: '/h' }, 'TWINBANK_CACHE', none)).toBe('/h');
    expect(homeFolder({}, 'TWINBANK_CACHE', () => '/known')).toBe('/known');
  });
});

describe('a folder for temporary files that takes none', () => {
  it('is named, with what to set', () => {
    expect(() => temporaryFolder('disk', at('none'))).toThrow(
      `${at('none')}: expected a folder for temporary files that can be written, found: no such file or directory; set TMPDIR to another one`,
    );
  });
});

describe('a folder that cannot be made', () => {
  it.each([
    ['keys', 'new', '/proc/twinbank'],
    ['oem', 'new', '/proc/twinbank'],
  ])('ends %s %s %s at once, with its name', async (...argv) => {
    const env = { TWINBANK_PASSPHRASE: '' };
    const { code, stderr } = await runHere(argv, { host: { cwd: folder, env } });
    expect(code).toBe(5);
    expect(stderr).toContain('twinbank: /proc/twinbank: no such file or directory');
  });

  it('below /dev is no place for artefacts', async () => {
    writeFileSync(at('one.yaml'), 'description: Boots once\nsteps: [build, flash, boot]\n');
    const argv = ['test', 'one.yaml', '--engine', 'sim', '--artefacts', '/dev/twinbank'];
    const { code, stderr } = await run(...argv);
    expect(code).toBe(8);
    expect(stderr).toContain('/dev/twinbank: expected a device');
  });
});

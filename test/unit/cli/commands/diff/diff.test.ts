import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileTree } from '../../../../../src/builder/components/file-tree.ts';
import { encodeNewc } from '../../../../../src/disk/newc.ts';
import { planBank } from '../../../../../src/update/manifest/plan-bank.ts';
import { writeSparse } from '../../../../support/sparse-file.ts';
import {
  bootCfg,
  type SmallImage,
  signedBase,
  smallImage,
} from '../../../bootloader/small-image.ts';
import { payload } from '../../../disk/fat/trees.ts';
import { runHere, sink } from '../../host.ts';

let folder: string;

/** A layer of text files; a large one makes a module that no reader gets in one piece. */
function layer(files: Record<string, string>): Uint8Array {
  const tree: FileTree = new Map();
  for (const [path, text] of Object.entries(files)) {
    tree.set(path, { type: 'file', mode: 0o644, data: Buffer.from(text) });
  }
  tree.set('large', { type: 'file', mode: 0o644, data: payload(1_200_000, 8) });
  return encodeNewc(tree);
}

/** The small image with another system in both banks. */
function imageOf(
  agents: Uint8Array,
  more: { version?: string; kernelOptions?: readonly string[]; boot?: Uint8Array } = {},
): SmallImage {
  const image = smallImage();
  const files = {
    vmkernel: payload(50_000, 1),
    'boot.v00': more.boot ?? payload(3000, 2),
    'agents.v00': agents,
  };
  const version = more.version ?? '1.2.3';
  const build = `${version}-400`;
  const plan = planBank([
    signedBase(files, { version, build, kernelOptions: more.kernelOptions ?? ['quiet'] }),
  ]);
  for (const bank of [5, 6]) {
    image.edit(bank, (volume) => {
      for (const file of plan.files) {
        if (/^state/.test(file.name)) continue;
        const data = 'data' in file ? file.data : files[file.name as keyof typeof files];
        volume.write(file.name, data);
      }
      volume.overwrite('boot.cfg', 0, bootCfg({ ...plan.bootCfg, updated: 7 - bank }));
    });
  }
  return image;
}

const oldAgents = layer({
  'etc/same': 'same\n',
  'etc/text': 'one\ntwo\nthree\n',
  gone: 'x'.repeat(1000),
});
const newAgents = layer({ 'etc/same': 'same\n', 'etc/text': 'one\n2\nthree\n', come: '\x1b[31m' });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-diff-test-'));
  const old = imageOf(oldAgents);
  writeSparse(join(folder, 'old.img'), old.bytes);
  writeSparse(join(folder, 'cut.img'), old.bytes.subarray(0, 15 * 2 ** 20));
  old.mark(6, { attempts: '1' });
  const changed = imageOf(newAgents, { version: '1.3.0', kernelOptions: ['quiet', 'debug'] });
  writeSparse(join(folder, 'new.img'), changed.bytes);
  for (const name of ['old', 'new']) {
    const { code } = await bundle(`${name}.img`, '--out', `${name}.tbu`);
    expect(code).toBe(0);
  }
  expect((await bundle('new.img', '--from', 'old.img', '--out', 'small.tbu')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundle = (...argv: string[]) => runHere(['bundle', ...argv], { host: { cwd: folder } });
const diff = (...argv: string[]) => runHere(['diff', ...argv], { host: { cwd: folder } });
async function diffJson(...argv: string[]) {
  const { code, stdout } = await diff(...argv, '--json');
  return { code, found: JSON.parse(stdout) };
}

describe('the exit code of diff', () => {
  it('is 0 for what is equal and 9 for what is not, in every form', async () => {
    expect((await diff('old.img', 'old.img')).code).toBe(0);
    expect((await diff('old.img', 'new.img')).code).toBe(9);
    expect((await diff('old.tbu', 'old.tbu')).code).toBe(0);
    expect((await diff('old.tbu', 'new.tbu')).code).toBe(9);
    expect((await diff('new.img', 'new.tbu')).code).toBe(0);
    expect((await diff('old.img', 'new.tbu', '--json')).code).toBe(9);
  });

  it('is 2 for what cannot be compared, 5 for what is not there', async () => {
    const mixed = await diff('old.img', 'site.yaml');
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toContain('build it first (twinbank build site.yaml)');
    for (const wrong of [
      ['--bank', '7'],
      ['--bank', 'x'],
      ['--width', '3'],
      ['--set', 'a=1'],
    ]) {
      expect((await diff('old.img', 'old.img', ...wrong)).code).toBe(2);
    }
    expect((await diff('old.tbu', 'new.tbu', '--bank', '5')).code).toBe(2);
    expect((await diff('old.img', 'nothing.img')).code).toBe(5);
  });

  it('is 6 for a truncated image and for a broken bundle', async () => {
    const cut = await diffJson('cut.img', 'old.img');
    expect(cut).toMatchObject({ code: 6, found: { error: { code: 'image.truncated' } } });
    const bytes = readFileSync(join(folder, 'old.tbu'));
    writeFileSync(join(folder, 'short.tbu'), bytes.subarray(0, bytes.length - 512));
    expect(await diffJson('short.tbu', 'old.tbu')).toMatchObject({
      code: 6,
      found: { error: { code: 'bundle.truncated' } },
    });
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 100_000]! ^= 1;
    writeFileSync(join(folder, 'flipped.tbu'), flipped);
    const broken = await diffJson('old.tbu', 'flipped.tbu');
    expect(broken).toMatchObject({ code: 6, found: { error: { code: 'bundle.hash' } } });
    expect(broken.found.error.message).toMatch(/^flipped\.tbu: /);
    writeSparse(join(folder, 'noise.img'), payload(100_000, 7));
    expect((await diff('noise.img', 'old.img')).code).toBe(6);
  });
});

describe('diff --json', () => {
  it('has the same members for every pair', async () => {
    writeFileSync(join(folder, 'a.yaml'), recipe('1.0.0'));
    const pairs = [
      ['old.img', 'new.img'],
      ['old.tbu', 'old.img'],
      ['a.yaml', 'a.yaml'],
    ] as const;
    const members = await Promise.all(
      pairs.map(async (pair) => Object.keys((await diffJson(...pair)).found).sort()),
    );
    expect(members[1]).toEqual(members[0]);
    expect(members[2]).toEqual(members[0]);
  });

  it('names modules, files with what they were, and kernel options', async () => {
    const { found } = await diffJson('old.img', 'new.img');
    expect(found).toMatchObject({ equal: false, disk: [], partitions: [], unread: [], recipe: [] });
    expect(found.a).toMatchObject({ kind: 'image', path: 'old.img', bank: 5, build: '1.2.3-400' });
    expect(found.modules).toMatchObject([
      {
        name: 'agents',
        change: 'changed',
        a: { version: '7.8', bytes: oldAgents.length, sha256: expect.stringMatching(/^\w{64}$/) },
        b: { bytes: newAgents.length },
      },
    ]);
    expect(found.files).toMatchObject([
      { module: 'agents', path: 'come', change: 'added', a: null, b: { bytes: 5 } },
      {
        path: 'etc/text',
        change: 'changed',
        fields: ['content'],
        a: { bytes: 14 },
        b: { bytes: 12 },
      },
      { path: 'gone', change: 'removed', a: { bytes: 1000 }, b: null },
    ]);
    expect(found.kernelOptions).toEqual({
      added: ['debug', 'twinbank.build=1.3.0-400'],
      removed: ['twinbank.build=1.2.3-400'],
      moved: [],
    });
    expect(found.banks.map((bank: { partition: number }) => bank.partition)).toEqual([5, 6]);
  });

  it('finds the same in the bundles as in the images that they are made of', async () => {
    const images = (await diffJson('old.img', 'new.img')).found;
    const bundles = (await diffJson('old.tbu', 'new.tbu')).found;
    for (const member of ['modules', 'files', 'kernelOptions', 'facts', 'origins'] as const) {
      expect(bundles[member]).toEqual(images[member]);
    }
  });

  it('knows of the modules that a relative bundle leaves out what its manifest says', async () => {
    const { found } = await diffJson('old.img', 'small.tbu');
    expect(found.modules.map(({ name }: { name: string }) => name)).toEqual(['agents']);
    expect(found.files).toHaveLength(3);
    const back = await diffJson('small.tbu', 'new.img');
    expect(back.code).toBe(0);
    const damaged = smallImage();
    writeSparse(join(folder, 'other.img'), damaged.bytes);
    const other = (await diffJson('small.tbu', 'other.img')).found;
    expect(other.modules.find(({ name }: { name: string }) => name === 'agents').a.leftOut).toBe(
      false,
    );
    expect(other.modules.some(({ name }: { name: string }) => name === 'vmkernel')).toBe(false);
  });

  it('shows lines of texts with --content', async () => {
    const { found } = await diffJson('old.img', 'new.img', '--content');
    const text = found.files.find(({ path }: { path: string }) => path === 'etc/text');
    expect(text.diff).toEqual(['@@ -1,3 +1,3 @@', ' one', '-two', '+2', ' three']);
  });
});

describe('what diff tells and does not count', () => {
  it('is that an image was booted, unless --marks asks for it', async () => {
    const booted = imageOf(oldAgents);
    booted.edit(5, (volume) => {
      const text = Buffer.from(volume.read('boot.cfg')).toString('latin1');
      volume.overwrite('boot.cfg', 0, Buffer.from(text.replace('attempts=0', 'attempts=1')));
    });
    writeSparse(join(folder, 'booted.img'), booted.bytes);
    const { code, stdout } = await diff('old.img', 'booted.img');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Marks.*\n {2}bank 5 attempts +0 +1\n\nthe same, but for marks\n$/);
    expect((await diff('old.img', 'booted.img', '--marks')).code).toBe(9);
  });

  it('is who signed a bundle wrongly: it is compared, and verify judges', async () => {
    const bytes = readFileSync(join(folder, 'old.tbu'));
    const at = bytes.indexOf('"signature":"') + '"signature":"'.length;
    bytes[at] = bytes[at] === 0x30 ? 0x31 : 0x30;
    writeFileSync(join(folder, 'forged.tbu'), bytes);
    expect((await runHere(['verify', 'forged.tbu'], { host: { cwd: folder } })).code).toBe(6);
    expect((await diff('old.tbu', 'forged.tbu')).code).toBe(0);
  });
});

describe('damage in a module', () => {
  it('is a difference, told beside what can still be told, and no failure', async () => {
    const damaged = imageOf(oldAgents);
    damaged.edit(5, (volume) => volume.overwrite('agents.v00', 0, payload(200, 3)));
    writeSparse(join(folder, 'damaged.img'), damaged.bytes);
    const { code, found } = await diffJson('old.img', 'damaged.img', '--bank', '5');
    expect(code).toBe(9);
    expect(found.unread).toMatchObject([{ module: 'agents' }]);
    expect(found.b.problems.join()).toContain('agents.v00');
    const text = await diff('old.img', 'damaged.img', '--bank', '5');
    expect(text.stdout).toContain('agents: by lists of files only');
  });
});

describe('a loader that was changed', () => {
  it('is told by its hash, and by what the signed hashes say of it', async () => {
    const bytes = readFileSync(join(folder, 'old.img'));
    bytes[34 * 512 + 600]! ^= 1;
    writeSparse(join(folder, 'loader.img'), bytes);
    const { code, found } = await diffJson('old.img', 'loader.img');
    expect(code).toBe(9);
    expect(found.disk).toEqual([{ name: 'loader', a: 'right 1.2.3-400', b: 'wrong' }]);
    expect(found.volumes).toMatchObject([{ place: 'bios-boot', path: 'core.img' }]);
    expect(found.b.problems).toEqual([
      expect.stringMatching(/^loader: core image from LBA 34 on: /),
    ]);
  });
});

describe('diff for people', () => {
  it('says once why it did not look into modules', async () => {
    writeSparse(join(folder, 'other.img'), imageOf(newAgents, { boot: payload(3000, 9) }).bytes);
    const { stdout } = await diff('old.img', 'other.img', '--brief');
    expect(stdout.match(/not looked into/g)).toHaveLength(1);
    expect(stdout).toMatch(/^ {2}2 modules by lists of files only: not looked into$/m);
  });

  it('stays within the width that there is, cuts nothing off, and ends with a sum', async () => {
    for (const width of [40, 80, 120]) {
      const { stdout } = await diff('old.img', 'new.img', '--content', '--width', String(width));
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(stdout).toContain('1.3.0-400');
      const sum = /different: 1 module changed, 3 files, 2 kernel options, -\d{3,4} B $/;
      expect(stdout.replaceAll(/\n */g, ' ')).toMatch(sum);
    }
  });

  it('colours what came green, what went red and what changed yellow, unless NO_COLOR', async () => {
    const colored = async (env: Record<string, string>) => {
      const stdout = sink({ isTTY: true, columns: 80 });
      const host = { cwd: folder, env, stdout: stdout.stream };
      await runHere(['diff', 'old.img', 'new.img'], { host });
      return stdout.text();
    };
    const text = await colored({ TERM: 'xterm' });
    expect(text).toContain('\x1b[32m+ come');
    expect(text).toContain('\x1b[31m- gone');
    expect(text).toContain('\x1b[33m~ etc/text');
    const plain = await colored({ TERM: 'xterm', NO_COLOR: '1' });
    expect(plain).toBe(stripVTControlCharacters(text));
    expect(plain).not.toContain('\x1b');
  });

  it('tells partitions without their GUIDs, unless --ids asks for them', async () => {
    writeSparse(join(folder, 'whole.img'), smallImage().bytes);
    const other = smallImage([8]).bytes;
    writeFileSync(join(folder, 'no-store.img'), other);
    const { code, stdout } = await diff('whole.img', 'no-store.img', '--width', '100');
    expect(code).toBe(9);
    expect(stdout).toContain('- 8 store ');
    expect(stdout).toContain('store, 4.0 MiB, LBA 28672-36863');
    expect(stdout).not.toMatch(/[0-9A-F]{8}-[0-9A-F]{4}/);
    const { found } = await diffJson('whole.img', 'no-store.img');
    expect(found.partitions).toMatchObject([{ number: 8, change: 'removed', b: null }]);
    expect(found.volumes.map(({ place }: { place: string }) => place)).toContain('store');
    const guids = readFileSync(join(folder, 'no-store.img'));
    // The mark of bank 5: sector 1 of its partition, behind 16 bytes that name it.
    guids[5 * 2 ** 20 + 512 + 16]! ^= 1;
    writeFileSync(join(folder, 'other-ids.img'), guids);
    expect((await diff('no-store.img', 'other-ids.img')).code).toBe(0);
    const counted = await diff('no-store.img', 'other-ids.img', '--ids');
    expect(counted).toMatchObject({ code: 9, stdout: expect.stringContaining('~ bank 5 uuid') });
  });

  it('compares the two banks of one host', async () => {
    expect((await diff('old.img', 'old.img', '--bank', '5,6')).code).toBe(0);
    const updated = imageOf(oldAgents);
    updated.edit(6, (volume) => volume.overwrite('boot.v00', 0, payload(3000, 5)));
    writeSparse(join(folder, 'updated.img'), updated.bytes);
    const { code, stdout } = await diff('updated.img', 'updated.img', '--bank', '5,6');
    expect(code).toBe(9);
    expect(stdout).toMatch(/~ boot /);
  });
});

function recipe(version: string, more = ''): string {
  const base = join(import.meta.dirname, '../../../../../recipes/default.yaml');
  return `extends: ${base}\nversion: "${version}"\n${more}`;
}

describe('diff of two recipes', () => {
  it('says which line set each value, and builds nothing', async () => {
    writeFileSync(join(folder, 'a.yaml'), recipe('1.0.0'));
    writeFileSync(join(folder, 'b.yaml'), recipe('1.1.0', 'bank: { size: 64MiB }\n'));
    const { code, found } = await diffJson('a.yaml', 'b.yaml');
    expect(code).toBe(9);
    expect(found.recipe).toEqual([
      {
        path: 'bank.size',
        a: {
          path: 'bank.size',
          value: '48MiB',
          origin: expect.stringMatching(/^twinbank:default:\d+$/),
        },
        b: { path: 'bank.size', value: '64MiB', origin: 'b.yaml:3' },
      },
      expect.objectContaining({ path: 'version' }),
    ]);
    const { stdout } = await diff('a.yaml', 'b.yaml');
    expect(stdout).toMatch(/~ bank\.size [\s\S]*\n2 values differ\n$/);
    const same = await diff(
      'a.yaml',
      'b.yaml',
      '--set',
      'version=1.0.0',
      '--set',
      'bank.size=64MiB',
    );
    expect(same).toMatchObject({ code: 0, stdout: expect.stringMatching(/the same\n$/) });
  });

  it('ends with 3 for a recipe that is none', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'nonsense: 1\n');
    expect((await diff('a.yaml', 'wrong.yaml')).code).toBe(3);
  });
});

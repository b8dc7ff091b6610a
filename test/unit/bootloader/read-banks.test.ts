import { describe, expect, test } from 'vitest';
import { readBanks } from '../../../src/bootloader/read-banks.ts';
import { sha256 } from '../../../src/bootloader/sum-file.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import type { FatVolume } from '../../../src/disk/fat/volume.ts';
import { payload } from '../disk/fat/trees.ts';
import {
  bootCfg,
  build,
  manifestModule,
  type SmallImage,
  signed,
  smallImage,
} from './small-image.ts';

const banksOf = (image: SmallImage) => readBanks(memoryDevice(image.bytes));
const bankOf = (image: SmallImage) => banksOf(image)[0]!;

describe('a whole bank', () => {
  test('is read with its marks, its modules and their hashes as they are on the disk', () => {
    const [first, second] = banksOf(smallImage());
    expect(first).toMatchObject({
      partition: 5,
      name: 'bootbank1',
      state: 'VALID',
      bootstate: 0,
      attempts: 0,
      verdict: '-',
      updated: 2,
      build,
      problem: null,
      empty: false,
      findings: [],
    });
    expect(first!.modules.map(({ name, loaded, ok }) => [name, loaded, ok])).toEqual([
      ['vmkernel', true, true],
      ['boot', true, true],
      ['engine', true, true],
    ]);
    expect(first!.modules[2]).toMatchObject({
      version: '7.8',
      kind: 'base',
      bytes: 70_001,
      sha256: sha256(payload(70_001, 3)),
      origin: 'base',
    });
    expect([second!.partition, second!.updated]).toEqual([6, 1]);
  });

  test('tells how many bytes were hashed, each file once', () => {
    let hashed = 0;
    readBanks(memoryDevice(smallImage().bytes), { onRead: (bytes) => (hashed += bytes) });
    expect(hashed).toBe(2 * (1024 + 50_000 + 3000 + 70_001));
  });

  test('has free the bytes of its free clusters', () => {
    const image = smallImage();
    const before = bankOf(image);
    image.edit(5, (volume) => volume.write('more', new Uint8Array(513)));
    expect(bankOf(image).bytesFree).toBe(before.bytesFree - 1024);
    expect(before.bytes).toBeGreaterThan(before.bytesFree + 124_000);
  });
});

describe('a bank with a wrong file', () => {
  const cases: [what: string, problem: string, change: (volume: FatVolume) => void][] = [
    [
      'a flipped bit',
      'engine.v00 does not match its hash',
      (volume) =>
        volume.overwrite('engine.v00', 70_000, Uint8Array.of(payload(70_001, 3)[70_000]! ^ 1)),
    ],
    ['no sum', 'boot.v00.sum is missing or empty', (volume) => volume.remove('boot.v00.sum')],
    [
      'an empty sum',
      'boot.v00.sum is missing or empty',
      (volume) => volume.write('boot.v00.sum', new Uint8Array()),
    ],
    ['no kernel', 'vmkernel is missing or empty', (volume) => volume.remove('vmkernel')],
    ['no bank.env', 'bank.env is missing or empty', (volume) => volume.remove('bank.env')],
    [
      'another kernel in boot.cfg',
      'bank.env and boot.cfg differ in kernel',
      (volume) => volume.overwrite('boot.cfg', 0, bootCfg({ updated: 2, kernel: 'other' })),
    ],
  ];
  test.each(cases)('with %s says that %s', (_what, problem, change) => {
    const image = smallImage();
    image.edit(5, change);
    const bank = bankOf(image);
    expect(bank.problem).toBe(problem);
    expect(bank.state).toBe('VALID');
    expect(bank.findings).toContainEqual({
      severity: 'error',
      code: 'bank.contents',
      message: `bank 5: ${problem}`,
    });
    expect(bank.modules.length).toBe(3);
    expect(banksOf(image)[1]!.findings).toEqual([]);
  });

  test('has a module that is right by its sum and wrong by its manifest', () => {
    const image = smallImage();
    const data = payload(3000, 77);
    image.edit(5, (volume) => {
      volume.write('boot.v00', data);
      volume.write('boot.v00.sum', Buffer.from(`${sha256(data)}  boot.v00\n`));
    });
    const bank = bankOf(image);
    expect(bank.problem).toBeNull();
    expect(bank.modules[1]).toMatchObject({
      ok: false,
      sha256: sha256(data),
      problem: 'boot.v00 does not match its manifest',
    });
    expect(bank.findings.map(({ code }) => code)).toEqual(['bank.module']);
  });

  test('shows modules that no manifest lists, and those that nobody loads', () => {
    const image = smallImage();
    const about = { vendor: 'ACME', product: 'twinbank', version: '1', build: '1' };
    const modules = [manifestModule('x.v00', Buffer.from('xyz'), 'oem')];
    const acme = signed({ origin: 'acme', ...about, kernelOptions: [], modules });
    image.edit(5, (volume) => {
      volume.write('acme.json', acme.bytes);
      volume.remove('base.json');
    });
    const bank = bankOf(image);
    expect(bank.modules.map(({ name, ok, loaded, origin }) => [name, ok, loaded, origin])).toEqual([
      ['vmkernel', false, true, ''],
      ['boot', false, true, ''],
      ['engine', false, true, ''],
      ['x', false, false, 'acme'],
    ]);
    expect(bank.problem).toBeNull();
  });

  test.each(['{', '[]', '{"schemaVersion":1,"origin":"x","modules":[{}]}', 'null'])(
    'has a finding for the manifest %j',
    (text) => {
      const image = smallImage();
      image.edit(5, (volume) => volume.write('base.json', Buffer.from(text)));
      expect(bankOf(image).findings[0]).toMatchObject({ severity: 'error', code: 'bank.manifest' });
    },
  );
});

describe('a bank whose boot.cfg', () => {
  test('is malformed still shows what can be read, and its modules', () => {
    const image = smallImage();
    image.edit(5, (volume) => {
      const text = Buffer.from(volume.read('boot.cfg'))
        .toString()
        .replace('attempts=0', 'attempts=9');
      volume.overwrite('boot.cfg', 0, Buffer.from(text));
    });
    const bank = bankOf(image);
    expect(bank).toMatchObject({
      state: 'MALFORMED',
      bootstate: 0,
      attempts: null,
      updated: 2,
      build,
    });
    expect(bank.modules.every(({ ok }) => ok)).toBe(true);
    expect(bank.findings).toEqual([
      {
        severity: 'error',
        code: 'bank.malformed',
        message: 'bank 5: boot.cfg: attempts at byte 46: expected ^[0-3]$, found "9"',
      },
    ]);
  });

  test.each([
    ['1', 'UPGRADING'],
    ['2', 'DIRTY'],
    ['3', 'INVALID'],
  ] as const)('says %s is %s', (bootstate, state) => {
    const image = smallImage();
    image.mark(5, { bootstate, attempts: '2', verdict: 'U' });
    expect(bankOf(image)).toMatchObject({
      state,
      bootstate: Number(bootstate),
      attempts: 2,
      verdict: 'U',
    });
  });

  test('stands alone in an INVALID bank is an empty bank, and nothing is wrong with it', () => {
    const image = smallImage();
    image.mark(6, { bootstate: '3' });
    image.edit(6, (volume) => {
      for (const { name } of volume.list()) if (name !== 'boot.cfg') volume.remove(name);
    });
    expect(banksOf(image)[1]).toMatchObject({
      state: 'INVALID',
      empty: true,
      findings: [],
      modules: [],
    });
  });
});

describe('a bank whose volume', () => {
  // Reserved 8 sectors, two FATs of 32, as in the tests of the FAT code.
  const fat = (image: SmallImage, cluster: number, value: number) => {
    for (const sector of [8, 40]) {
      image.bytes.writeUInt16LE(value, 5 * 2 ** 20 + sector * 512 + cluster * 2);
    }
  };

  test('has a loop is shown with the finding, the other modules are right', () => {
    const image = smallImage();
    fat(image, 5, 5);
    const bank = bankOf(image);
    expect(bank.findings.map(({ code }) => code)).toContain('fat.chain-loop');
    expect(bank.state).toBe('VALID');
    expect(bank.problem).not.toBeNull();
    expect(bank.modules.map(({ ok }) => ok)).toContain(true);
  });

  test('has no boot sector is MALFORMED, and keeps its place in the list', () => {
    const image = smallImage();
    image.bytes.fill(0, 5 * 2 ** 20, 5 * 2 ** 20 + 1024);
    const [first, second] = banksOf(image);
    expect(first).toMatchObject({
      partition: 5,
      state: 'MALFORMED',
      uuid: null,
      bytes: 0,
      modules: [],
    });
    expect(first!.findings.map(({ code }) => code)).toEqual(['bank.magic', 'fat.signature']);
    expect(second!.findings).toEqual([]);
  });
});

import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { developmentKey } from '../../../../../src/update/signing/key.ts';
import type { SmallImage } from '../../../bootloader/small-image.ts';
import { hostImage } from '../../../update/host-image.ts';
import { baseOf, fileOf, keys, oemOf, sign, trust } from '../../../update/manifests.ts';
import { updateFixture } from '../../update-fixture.ts';

const { at, read, run, image, qcow2, bundle, developmentId } = updateFixture();
const [release, acmeId] = [keys.release.public.id, keys.acme.public.id];

const tool = { name: 'tool_1_amd64.deb', ...fileOf(5000) };
const v1 = sign(baseOf({ packages: [tool], trust: trust(keys.release, keys.acme) }));
const acme = sign(oemOf('acme'), keys.acme);
const dev = sign(baseOf({ trust: trust(developmentKey) }), developmentKey);
const both = () => hostImage({ 5: { manifests: [v1, acme] }, 6: { manifests: [v1] } });
const changed = (name: string, change: (made: SmallImage) => void): string => {
  const made = both();
  change(made);
  return image(name, made);
};
const warning =
  'warning: signed with the development key, which everybody has: it proves nothing about who made it\n';

describe('verify of an image', () => {
  it('says of each bank that it is right, and who signed what', async () => {
    const { code, stdout, stderr } = await run(['verify', image('right.img', both())]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`Bank 5  VALID, 1.0-1: verified
  base signed by key ${release}
  acme signed by key ${acmeId}
Bank 6  VALID, 1.0-1: verified
  base signed by key ${release}
right.img: verified
`);
  });

  it('says the same in JSON', async () => {
    const { code, stdout } = await run(['verify', image('json.img', both()), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      file: 'json.img',
      ok: true,
      kind: 'image',
      development: false,
      findings: [],
      loader: { state: 'right', build: '1.0-1' },
      notCovered: [],
      store: [],
      banks: [
        {
          partition: 5,
          state: 'VALID',
          build: '1.0-1',
          ok: true,
          problems: [],
          signed: [
            { origin: 'base', keyIds: [release] },
            { origin: 'acme', keyIds: [acmeId] },
          ],
        },
        {
          partition: 6,
          state: 'VALID',
          build: '1.0-1',
          ok: true,
          problems: [],
          signed: [{ origin: 'base', keyIds: [release] }],
        },
      ],
    });
  });

  it('ends with 6 for a loader that no manifest lists, with the part by name', async () => {
    for (const [where, at] of [
      ['boot code of LBA 0', 77],
      ['core image from LBA 34 on', 34 * 512 + 1999],
    ] as const) {
      const made = both();
      made.bytes[at]! ^= 1;
      const { code, stdout, stderr } = await run(['verify', image('loader.img', made), '--json']);
      expect(code).toBe(6);
      const json = JSON.parse(stdout);
      expect(json).toMatchObject({ ok: false, loader: { state: 'wrong', build: null } });
      expect(json.findings).toMatchObject([{ code: 'loader.other' }]);
      expect(stderr).toContain(`found loader: ${where}: expected the bytes of 1.0-1`);
    }
  });

  it('names a loader that nothing covers, and one that is older than the bank', async () => {
    const uncovered = both();
    uncovered.edit(1, (volume) => volume.write('grub/grub.cfg', Buffer.from('# grub\n')));
    const open = await run(['verify', image('open.img', uncovered)]);
    expect([open.code, open.stdout.split('\n').at(-2)]).toEqual([
      0,
      'open.img: verified; not covered: loader',
    ]);
    const json = JSON.parse((await run(['verify', 'open.img', '--json'])).stdout);
    expect(json.notCovered).toEqual(['loader']);
    const part = { bytes: 1, sha256: '0'.repeat(64) };
    const next = sign(
      baseOf({
        version: '2.0',
        loader: { bootCode: part, coreImage: part, bootx64: part, grubCfg: part },
      }),
    );
    const older = image('older.img', hostImage({ 5: { manifests: [next] } }));
    const { code, stdout } = await run(['verify', older]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'loader: expected the loader of 2.0-1, as bank 5 has it, found the loader of 1.0-1: a loader stays as the disk was flashed\nolder.img: verified\n',
    );
  });

  it('reads a qcow2 image', async () => {
    expect((await run(['verify', qcow2('right.qcow2', both())])).code).toBe(0);
  });

  it('says loudly that the development key has signed it, and is not wrong for it', async () => {
    const name = image('dev.img', hostImage({ 5: { manifests: [dev] } }));
    const { code, stdout, stderr } = await run(['verify', name, '-q']);
    expect([code, stderr]).toEqual([0, warning]);
    expect(stdout).toContain(
      `base signed by key ${developmentId} (the development key, which everybody has)\n`,
    );
    expect(JSON.parse((await run(['verify', name, '--json'])).stdout).development).toBe(true);
  });

  it('ends with 6 for a wrong bit anywhere in a bank that may boot, and names the file', async () => {
    const name = changed('bit.img', (made) =>
      made.edit(6, (volume) => volume.overwrite('engine.v00', 7, Buffer.from('x'))),
    );
    const { code, stdout, stderr } = await run(['verify', name]);
    expect(code).toBe(6);
    expect(stdout).toContain(
      'Bank 6  VALID, 1.0-1: wrong\n  base signed by key ' +
        `${release}\n  engine.v00: expected what its manifest lists, found other contents\nbit.img: wrong\n`,
    );
    expect(stderr).toBe(
      'twinbank: bit.img: expected what its signed manifests say, found bank 6: engine.v00: expected what its manifest lists, found other contents\n',
    );
    const json = JSON.parse((await run(['verify', name, '--json'])).stdout);
    expect(json).toMatchObject({ ok: false, error: { code: 'verify.wrong' } });
    expect(json.banks[1]).toMatchObject({
      ok: false,
      problems: [{ file: 'engine.v00', code: 'bank.module' }],
    });
  });

  it('is not wrong for a bank that boots nothing, as an update was broken off', async () => {
    const made = hostImage({
      5: { manifests: [v1] },
      6: { manifests: [v1], marks: { bootstate: '3', verdict: 'U' } },
    });
    made.edit(6, (volume) => volume.remove('engine.v00'));
    const { code, stdout } = await run(['verify', image('half.img', made)]);
    expect(code).toBe(0);
    expect(stdout).toContain('Bank 6  INVALID, 1.0-1: incomplete, boots nothing\n');
  });

  it.each<[string, (made: SmallImage) => void, string]>([
    [
      'a package of the store that is another',
      (made) =>
        made.edit(8, (volume) => volume.overwrite(`packages/${tool.name}`, 0, Buffer.from('x'))),
      'store: expected tool_1_amd64.deb of 1.0-1, found other contents',
    ],
    [
      'a package of the store that is gone',
      (made) => made.edit(8, (volume) => volume.remove(`packages/${tool.name}`)),
      'store: expected tool_1_amd64.deb of 1.0-1, found no such package',
    ],
    [
      'a store that cannot be read',
      (made) => void made.bytes.fill(0, 14 * 2 ** 20, 14 * 2 ** 20 + 512),
      'store: expected the packages of 1.0-1, found a damaged store: ',
    ],
    [
      'a loader partition that is damaged',
      (made) => void made.bytes.fill(0, 2 ** 20, 2 ** 20 + 512),
      'bootloader: ',
    ],
    ['chains of a bank that cross', (made) => crossSlots(made), 'bank 5: '],
  ])('ends with 6 for %s', async (_what, change, message) => {
    const name = changed('wrong.img', change);
    const { code, stderr } = await run(['verify', name, '-q']);
    expect(code).toBe(6);
    expect(stderr).toContain(
      `twinbank: wrong.img: expected what its signed manifests say, found ${message}`,
    );
  });

  it('asks with --key for the signature of one of these keys on the base', async () => {
    const name = image('keys.img', both());
    expect((await run(['verify', name, '--key', 'release.pub'])).code).toBe(0);
    expect(
      (await run(['verify', name, '--key', 'stranger.pub', '--key', 'release.pub'])).code,
    ).toBe(0);
    const { code, stderr } = await run(['verify', name, '--key', 'stranger.pub', '-q']);
    expect(code).toBe(6);
    expect(stderr).toBe(
      `twinbank: keys.img: expected what its signed manifests say, found bank 5: base.json: expected the signature of a trusted key (${keys.stranger.public.id}), found signatures of ${release}\n`,
    );
  });
});

describe('verify of a bundle', () => {
  it('is by the key of who made it', async () => {
    const name = await bundle('x.tbu', [v1, acme]);
    const { code, stdout, stderr } = await run(['verify', name, '--key', 'release.pub', '-q']);
    expect([code, stderr]).toEqual([0, '']);
    const { length } = read(name);
    expect(stdout).toBe(`base 1.0: 3 modules, signed by key ${release}
acme 1.0: 1 module, signed by key ${acmeId}
x.tbu: verified, 1.0-1 for twinbank, ${(length / 1024).toFixed(1)} KiB, signed by key ${release}
`);
    const json = JSON.parse((await run(['verify', name, '--key', 'release.pub', '--json'])).stdout);
    expect(json).toMatchObject({
      schemaVersion: 1,
      file: 'x.tbu',
      ok: true,
      kind: 'bundle',
      bytes: length,
      product: 'twinbank',
      version: '1.0',
      build: '1.0-1',
      from: null,
      keyIds: [release],
      origins: [
        { origin: 'base', version: '1.0', keyIds: [release] },
        { origin: 'acme', version: '1.0', keyIds: [acmeId] },
      ],
    });
    expect(json.entries.map(({ path }: { path: string }) => path)).toContain('modules/acme.v00');
  });

  it('says what it is relative to', async () => {
    const from = { build: '0.9-1', manifest: 'ab'.repeat(32), has: new Set<string>() };
    await bundle('relative.tbu', [v1], { from });
    const { stdout } = await run(['verify', 'relative.tbu', '--key', 'release.pub']);
    expect(stdout).toContain('relative.tbu: verified, 1.0-1 for twinbank, relative to 0.9-1, ');
  });

  it('without a key is one by the development key, and says so loudly', async () => {
    await bundle('dev.tbu', [dev], { key: developmentKey });
    const { code, stdout, stderr } = await run(['verify', 'dev.tbu', '-q']);
    expect([code, stderr]).toEqual([0, warning]);
    expect(stdout).toContain('(the development key, which everybody has)');
    const found = await run(['verify', await bundle('y.tbu', [v1]), '-q']);
    expect(found).toEqual({
      code: 6,
      stdout: '',
      stderr: `twinbank: y.tbu: bundle.json: expected the signature of a trusted key (${developmentId}), found signatures of ${release}; name the key of who made it with --key PUB\n`,
    });
  });

  it('ends with 6 for another key, which is not told to name one', async () => {
    await bundle('z.tbu', [v1]);
    const { code, stderr } = await run(['verify', 'z.tbu', '--key', 'next.pub', '-q']);
    expect(code).toBe(6);
    expect(stderr).toMatch(/found signatures of [0-9a-f]{16}\n$/);
  });

  it('ends with 6 for any wrong bit', async () => {
    const name = await bundle('bits.tbu', [v1]);
    const bytes = read(name);
    for (const place of [3, 600, 5000, bytes.length - 2000, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[place]! ^= 4;
      writeFileSync(at('bits.tbu'), other);
      const { code, stderr } = await run(['verify', name, '--key', 'release.pub', '-q']);
      expect([code, stderr.trimEnd().split('\n').length], `${place}: ${stderr}`).toEqual([6, 1]);
    }
  });
});

describe('verify of anything else', () => {
  it.each([
    ['nothing', 'none.img', 5],
    ['a directory', '.', 5],
    ['a key', 'release.pub', 6],
    ['an empty file', 'empty', 6],
    ['another tar', 'other.tar', 6],
  ])('ends with one sentence for %s', async (_what, name, expected) => {
    writeFileSync(at('empty'), '');
    const tar = read(await bundle('tar.tbu', [v1]));
    tar.write('x', 0);
    writeFileSync(at('other.tar'), tar);
    const { code, stdout, stderr } = await run(['verify', name]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(/^twinbank: [^\n]+\n$/);
  });
});

/** Lets the two state slots of bank 5, which no manifest covers, share their clusters. */
function crossSlots(made: SmallImage): void {
  const bank = made.bytes.subarray(5 * 2 ** 20, 9 * 2 ** 20);
  const [one, two] = ['STATE1  SLT', 'STATE2  SLT'].map((name) => bank.indexOf(name));
  bank.copy(bank, two! + 26, one! + 26, one! + 28);
}

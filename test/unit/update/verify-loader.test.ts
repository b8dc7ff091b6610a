import { describe, expect, it } from 'vitest';
import type { LoaderHashes } from '../../../src/bootloader/bank-manifest.ts';
import { coreImageLba } from '../../../src/bootloader/core-image-place.ts';
import {
  encodeGrubCfg,
  type SignedStatement,
  splitGrubCfg,
} from '../../../src/bootloader/grub-cfg-parts.ts';
import { bootx64Path, grubCfgPath } from '../../../src/bootloader/loader-parts.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { encodeLoaderStatement } from '../../../src/update/signing/loader-statement.ts';
import { signBytes } from '../../../src/update/signing/signature.ts';
import { verifyDiskLoader } from '../../../src/update/verify-loader.ts';
import {
  partitionStart,
  type SmallImage,
  smallImage,
  smallLoader,
} from '../bootloader/small-image.ts';
import { hostImage } from './host-image.ts';
import { type BaseParts, baseOf, keys, publicOf, sign, trust } from './manifests.ts';

const otherLoader = { ...smallLoader, grubCfg: { bytes: 3, sha256: '1'.repeat(64) } };
const built = sign(baseOf({ loader: smallLoader }));
const newer = (version: string, more: BaseParts = {}) =>
  sign(baseOf({ version, loader: otherLoader, ...more }));

/** What a loader says of itself. */
function statement(build: string, loader: LoaderHashes, key = keys.release): SignedStatement {
  const bytes = encodeLoaderStatement({ product: 'twinbank', build, loader });
  return { bytes, signature: signBytes(bytes, [key]) };
}
const own = statement('1.0-1', smallLoader);

/** A host with these banks, and a loader that says this of itself. */
function host(
  five: typeof built,
  six: typeof built,
  said: SignedStatement | undefined,
): SmallImage {
  const image = hostImage({ 5: { manifests: [five] }, 6: { manifests: [six] } });
  const script = '# grub\n';
  const text = said ? encodeGrubCfg(script, said) : script;
  image.edit(1, (volume) => volume.write(grubCfgPath, Buffer.from(text)));
  return image;
}

const verdictOf = ({ bytes }: SmallImage, options: Parameters<typeof verifyDiskLoader>[1] = {}) =>
  verifyDiskLoader(memoryDevice(bytes), { current: 5, ...options });

const damages: readonly [what: string, change: (image: SmallImage) => void, where: string][] = [
  ['a byte of the boot code', ({ bytes }) => flip(bytes, 100), 'boot code of LBA 0'],
  ['a byte of the core image', ({ bytes }) => flip(bytes, coreImageLba * 512 + 1500), 'core image'],
  [
    'a zeroed core image',
    ({ bytes }) => bytes.fill(0, coreImageLba * 512, 2048 * 512),
    'core image from LBA 34 on',
  ],
  [
    'another BOOTX64.EFI',
    ({ edit }) => edit(1, (volume) => volume.write(bootx64Path, Buffer.from('MZ'))),
    bootx64Path,
  ],
  [
    'a grub.cfg of the same length',
    ({ edit }) =>
      edit(1, (volume) => {
        const text = Buffer.from(volume.read(grubCfgPath));
        text[0] = 0x20;
        volume.write(grubCfgPath, text);
      }),
    grubCfgPath,
  ],
  ['no grub.cfg', ({ edit }) => edit(1, (volume) => volume.remove(grubCfgPath)), grubCfgPath],
];

function flip(bytes: Buffer, at: number): void {
  bytes[at]! ^= 0x10;
}

describe('the loader of a disk', () => {
  it('is right where each part is what the manifests list', () => {
    expect(verdictOf(smallImage())).toEqual({ state: 'right', build: '1.2.3-400', findings: [] });
    expect(verdictOf(host(built, built, own))).toMatchObject({ state: 'right', findings: [] });
  });

  it.each(damages)('is wrong with %s', (_what, change, where) => {
    const image = host(built, built, own);
    change(image);
    const { state, build, findings } = verdictOf(image);
    expect([state, build]).toEqual(['wrong', null]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'error', code: 'loader.other' });
    expect(findings[0]!.message).toMatch(
      /: expected the bytes of 1\.0-1, as .* has them, found others$/,
    );
    expect(findings[0]!.message).toContain(where);
  });

  it('is older than the bank that counts after an update, and after another one, too', () => {
    for (const other of [built, newer('1.1')]) {
      const { state, build, findings } = verdictOf(host(newer('2.0'), other, own));
      expect([state, build]).toEqual(['older', '1.0-1']);
      expect(findings).toEqual([
        {
          severity: 'warning',
          code: 'loader.older',
          message:
            'loader: expected the loader of 2.0-1, as bank 5 has it, found the loader of 1.0-1: a loader stays as the disk was flashed',
        },
      ]);
    }
    // The other bank is enough, and where the running one is the older of both nothing is to be said.
    expect(verdictOf(host(newer('2.0'), built, undefined)).state).toBe('older');
    expect(verdictOf(host(built, newer('2.0'), own)).state).toBe('right');
    expect(verdictOf(host(newer('0.9'), built, own)).state).toBe('newer');
  });

  it('is wrong where its parts are those of two builds', () => {
    const image = host(newer('2.0'), built, own);
    image.edit(1, (volume) => volume.write(grubCfgPath, Buffer.from('two')));
    expect(verdictOf(image).state).toBe('wrong');
  });

  it('is not covered where the bank that counts lists none and it says nothing of itself', () => {
    const old = sign(baseOf());
    const uncovered = { state: 'not-covered', build: null, findings: [] };
    expect(verdictOf(host(old, old, undefined))).toEqual(uncovered);
    // Whatever the other bank lists: what counts is the one that runs.
    expect(verdictOf(host(old, newer('2.0'), undefined))).toEqual(uncovered);
  });

  it('is wrong where the bank that counts lists another and it says nothing of itself, after one update as after two', () => {
    const old = sign(baseOf());
    const codes = [old, newer('1.1')].map((other) => {
      const { state, findings } = verdictOf(host(newer('2.0'), other, undefined));
      return [state, ...new Set(findings.map(({ code }) => code))];
    });
    expect(codes).toEqual([
      ['wrong', 'loader.other'],
      ['wrong', 'loader.other'],
    ]);
  });

  it('is believed only by the word of a key that a bank trusts', () => {
    const image = host(newer('2.0'), newer('1.1'), statement('1.0-1', smallLoader, keys.stranger));
    expect(verdictOf(image)).toMatchObject({ state: 'untrusted', build: null });
    expect(verdictOf(image).findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['signature.untrusted', 'warning'],
      ['loader.untrusted', 'error'],
    ]);
    const changed = { ...statement('1.1-1', smallLoader), signature: own.signature };
    expect(verdictOf(host(newer('2.0'), newer('1.1'), changed))).toMatchObject({
      state: 'wrong',
      findings: [{ code: 'signature.wrong' }, { code: 'loader.other' }],
    });
    const bytes = Buffer.from('{"a":1}');
    const nothing = { bytes, signature: signBytes(bytes, [keys.release]) };
    expect(verdictOf(host(newer('2.0'), newer('1.1'), nothing))).toMatchObject({
      state: 'wrong',
      findings: [{ code: 'loader.statement' }, { code: 'loader.other' }],
    });
  });

  it('says nothing of itself but in the last line of its grub.cfg, and nothing behind it counts', () => {
    const text = encodeGrubCfg('# grub\n', own);
    for (const more of ['configfile /evil\n', '\n', '# loader: YQ== \n']) {
      const image = host(built, built, undefined);
      image.edit(1, (volume) => volume.write(grubCfgPath, Buffer.from(text + more)));
      expect(verdictOf(image).state, more).toBe('wrong');
    }
    const { script, statement: said } = splitGrubCfg(Buffer.from(text));
    expect(Buffer.from(script).toString()).toBe('# grub\n');
    expect(said).toEqual({ bytes: Buffer.from(own.bytes), signature: Buffer.from(own.signature) });
    expect(splitGrubCfg(new Uint8Array()).statement).toBeUndefined();
  });

  it('is not believed by the word of a bank that boots nothing', () => {
    const evil = sign(
      baseOf({ version: '9.0', loader: smallLoader, trust: trust(keys.stranger) }),
      keys.stranger,
    );
    const six = { manifests: [evil], marks: { bootstate: '3', verdict: 'U' } } as const;
    const image = hostImage({ 5: { manifests: [newer('2.0')] }, 6: six });
    const said = encodeGrubCfg('# grub\n', statement('9.0-1', smallLoader, keys.stranger));
    image.edit(1, (volume) => volume.write(grubCfgPath, Buffer.from(said)));
    expect(verdictOf(image)).toMatchObject({ state: 'untrusted', build: null });
  });

  it('is believed by a maker only, where one is named', () => {
    const image = host(built, built, own);
    expect(verdictOf(image, { makers: publicOf(keys.release) }).state).toBe('right');
    expect(verdictOf(image, { makers: publicOf(keys.stranger) }).state).toBe('untrusted');
    const both = newer('2.0', { trust: trust(keys.release, keys.next) });
    const signed = sign(both.manifest, keys.next);
    const options = { makers: publicOf(keys.next) };
    expect(verdictOf(host(signed, signed, own), options).state).toBe('older');
  });

  it('is wrong with a file beside it that GRUB or firmware could run', () => {
    const image = smallImage();
    image.edit(1, (volume) => {
      volume.mkdir('grub/i386-pc');
      volume.write('grub/i386-pc/fs.lst', Buffer.from('evil\n'));
      volume.write('notes.txt', Buffer.from('by hand'));
    });
    expect(verdictOf(image)).toMatchObject({
      state: 'wrong',
      findings: [{ code: 'loader.stranger' }],
    });
    expect(verdictOf(image).findings[0]!.message).toContain('found grub/i386-pc/fs.lst');
  });

  it('is wrong where its volume is so broken that nobody can tell what else is in it', () => {
    const image = smallImage();
    image.edit(1, (volume) => {
      volume.mkdir('grub/i386-pc');
      volume.write('grub/i386-pc/fs.lst', Buffer.from('evil\n'));
      for (const name of ['aaaa.txt', 'bbbb.txt']) volume.write(name, Buffer.from('x'));
    });
    const start = partitionStart[1]! * 2 ** 20;
    image.bytes.write('AAAA    TXT', image.bytes.indexOf('BBBB    TXT', start, 'latin1'), 'latin1');
    expect(verdictOf(image)).toMatchObject({
      state: 'wrong',
      findings: [{ code: 'fat.duplicate-name', severity: 'error' }],
    });
  });

  it('is never read beyond its area, whatever a manifest claims', () => {
    const huge = { ...smallLoader, coreImage: { bytes: 2 ** 40, sha256: '0'.repeat(64) } };
    const lying = sign(baseOf({ loader: huge }));
    expect(verdictOf(host(lying, lying, undefined)).state).toBe('wrong');
  });
});

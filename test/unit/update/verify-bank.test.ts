import { describe, expect, it } from 'vitest';
import type { FatVolume } from '../../../src/disk/fat/volume.ts';
import { readBankForUpdate } from '../../../src/update/bank-reading.ts';
import { type VerifyBankOptions, verifyBank } from '../../../src/update/verify-bank.ts';
import { diskOf, hostImage } from './host-image.ts';
import { baseModules, baseOf, keys, moduleOf, oemOf, publicOf, sign, trust } from './manifests.ts';

const { release, next, acme: acmeKey, stranger } = keys;
const base = sign(baseOf({ trust: trust(release, acmeKey) }));
const acme = sign(oemOf('acme'), acmeKey);

/** What is found wrong with a bank that was right before `change`. */
function problemsOf(
  change: (volume: FatVolume) => void,
  options: Partial<VerifyBankOptions> = {},
  manifests = [base, acme],
) {
  const image = hostImage({ 5: { manifests } });
  image.edit(5, change);
  const { device } = diskOf(image.bytes).banks[0]!;
  return verifyBank(readBankForUpdate(5, device), { by: 'contents', ...options });
}
const messages = (...parts: Parameters<typeof problemsOf>): string[] =>
  problemsOf(...parts).problems.map(({ code, message }) => `${code}: ${message}`);
const nothing = (): void => {};
const flip =
  (file: string, at = 0) =>
  (volume: FatVolume) => {
    const [byte = 0] = volume.readRange(file, at, 1);
    volume.overwrite(file, at, Uint8Array.of(byte ^ 1));
  };

describe('a bank that is what its manifests say', () => {
  it.each(['contents', 'sums'] as const)('has no problem by its %s, and names who signed', (by) => {
    expect(problemsOf(nothing, { by })).toEqual({
      problems: [],
      signed: [
        { origin: 'base', keyIds: [release.public.id] },
        { origin: 'acme', keyIds: [acmeKey.public.id] },
      ],
    });
  });

  it('may hold files that nobody loads', () => {
    expect(messages((volume) => volume.write('notes.txt', Buffer.from('x')))).toEqual([]);
  });

  it('may have any marks, and slots with anything in them', () => {
    const image = hostImage({ 5: { manifests: [base], marks: { bootstate: '3', verdict: 'H' } } });
    image.edit(5, (volume) => volume.overwrite('state1.slt', 0, Buffer.from('TWBS')));
    const { device } = diskOf(image.bytes).banks[0]!;
    expect(verifyBank(readBankForUpdate(5, device), { by: 'contents' }).problems).toEqual([]);
  });
});

describe('a problem of a bank', () => {
  it.each<[string, (volume: FatVolume) => void, string[]]>([
    [
      'a module with other contents',
      flip('engine.v00', 29_999),
      ['bank.module: engine.v00: expected what its manifest lists, found other contents'],
    ],
    [
      'a module that is not there',
      (volume) => volume.remove('acme.v00'),
      ['bank.module: acme.v00: expected what its manifest lists, found none that can be read'],
    ],
    [
      'a longer module',
      (volume) =>
        volume.write('engine.v00', Buffer.concat([volume.read('engine.v00'), Buffer.alloc(1)])),
      ['bank.module: engine.v00: expected what its manifest lists, found other contents'],
    ],
    [
      'another bank.env',
      flip('bank.env', 60),
      [
        'bank.env-other: bank.env: expected what follows from the manifests, found others',
        'bank.contents: bank.env: bank.env does not match its hash',
      ],
    ],
    [
      'a bank.env that names no kernel',
      (volume) => {
        const text = Buffer.from(volume.read('bank.env')).toString('latin1');
        volume.overwrite('bank.env', 0, Buffer.from(text.replace('kernel=', 'kernex='), 'latin1'));
      },
      [
        'bank.env-other: bank.env: expected what follows from the manifests, found others',
        'bank.contents: bank.env: bank.env does not match its hash',
        'bank.contents: bank.env: expected a kernel in it, found none',
      ],
    ],
    [
      'a sum of bank.env that is missing',
      (volume) => volume.remove('bank.env.sum'),
      ['bank.contents: bank.env: bank.env.sum is missing or empty'],
    ],
    [
      'another title in boot.cfg',
      rewriteBootCfg('title=twinbank', 'title=twinb0nk'),
      ['bank.title: boot.cfg: expected the title of base.json, found another'],
    ],
    [
      'other options in boot.cfg',
      rewriteBootCfg('kernelopt=quiet', 'kernelopt=quiex'),
      ['bank.contents: bank.env: bank.env and boot.cfg differ in kernelopt'],
    ],
    [
      'a signature that is missing',
      (volume) => volume.remove('acme.sig'),
      ['signature.missing: acme.json: expected its signature in acme.sig, found none'],
    ],
    [
      'a signature that is wrong',
      (volume) => volume.write('acme.sig', sign(oemOf('acme'), acmeKey).signature),
      [
        `signature.wrong: acme.json: expected it to match the signature of key ${acmeKey.public.id}, found other content`,
      ],
    ],
    [
      'an OEM that is not signed by a key of the base',
      (volume) => volume.write('acme.sig', sign(acme.manifest, stranger).signature),
      [
        `signature.untrusted: acme.json: expected the signature of a trusted key (${[...keyIds(release, acmeKey)].join(', ')}), found signatures of ${stranger.public.id}`,
      ],
    ],
    [
      'no base',
      (volume) => volume.remove('base.json'),
      ['manifest.missing: base.json: expected the manifest of the base, found none'],
    ],
    [
      'a manifest that is none',
      (volume) => volume.write('more.json', Buffer.from('{}')),
      ['manifest.form: more.json: schemaVersion: expected it to be there'],
    ],
    [
      'a manifest under another name',
      (volume) => volume.write('more.json', acme.bytes),
      ['manifest.form: more.json: expected the name acme.json'],
    ],
    [
      'a malformed boot.cfg',
      (volume) => volume.overwrite('boot.cfg', 0, Buffer.alloc(1024)),
      [
        expect.stringMatching(
          /^bank\.malformed: boot\.cfg: bootstate is missing/,
        ) as unknown as string,
      ],
    ],
  ])('is %s', (_what, change, expected) => {
    expect(messages(change)).toEqual(expected);
  });

  it('is a module whose sum was changed with it, which the loader does not notice', () => {
    const other = moduleOf('engine', { bytes: 500 });
    const both = (volume: FatVolume): void => {
      const content = Buffer.alloc(500, 'x');
      volume.write('engine.v00', content);
      volume.write('engine.v00.sum', Buffer.from(`${other.sha256}  engine.v00\n`));
    };
    expect(messages(both)).toEqual([
      'bank.sum: engine.v00: expected engine.v00.sum to hold the hash that its manifest gives',
      'bank.module: engine.v00: expected what its manifest lists, found other contents',
    ]);
    expect(messages(both, { by: 'sums' })).toHaveLength(1);
  });

  it('is a module that is loaded and listed nowhere', () => {
    const env = (volume: FatVolume): void => {
      const text = Buffer.from(volume.read('bank.env')).toString();
      const more = text.replace('acme.v00\n', 'acme.v00 --- evil.v00\n').slice(0, 1024);
      volume.overwrite('bank.env', 0, Buffer.from(more));
    };
    expect(messages(env, { by: 'sums' })).toEqual([
      'bank.env-other: bank.env: expected what follows from the manifests, found others',
    ]);
  });

  it('is an OEM that does not go with the base', () => {
    const picky = sign(oemOf('acme', {}, { requires: ['twinbank > 1.0'] }), acmeKey);
    expect(messages(nothing, {}, [base, picky])).toEqual([
      'manifest.requires: acme.json: acme of acme requires twinbank > 1.0, found twinbank 1.0; bring one that fits, or leave acme out',
    ]);
  });

  it('is a module whose clusters cannot be followed, and every other one is told as well', () => {
    const image = hostImage({ 5: { manifests: [base, acme] } });
    image.edit(5, flip('vmkernel'));
    const bank = diskOf(image.bytes).banks[0]!.device;
    // Its first cluster, 26 bytes into its entry (FAT specification 1.03 section 6), leads out of the volume.
    const root = Buffer.from(bank.read(0, 2 ** 17));
    bank.write(root.indexOf('ENGINE  V00') + 26, Uint8Array.of(0xf0, 0xfe));
    expect(verifyBank(readBankForUpdate(5, bank), { by: 'contents' }).problems).toMatchObject([
      { file: 'vmkernel', code: 'bank.module' },
      {
        file: 'engine.v00',
        message: 'engine.v00: expected what its manifest lists, found none that can be read',
      },
    ]);
  });
});

describe('the keys that a bank is held against', () => {
  it('are those that its base trusts, and makers that are given beside them', () => {
    const foreign = sign(baseOf({ trust: trust(release) }), next);
    expect(messages(nothing, {}, [foreign])[0]).toContain('signature.untrusted: base.json: ');
    expect(messages(nothing, { makers: publicOf(next) }, [foreign])).toEqual([]);
  });

  it('must be those of a maker for the base, and of whom the base trusts for all else', () => {
    expect(problemsOf(nothing, { makers: publicOf(stranger, release) })).toEqual({
      problems: [],
      signed: [
        { origin: 'base', keyIds: [release.public.id] },
        { origin: 'acme', keyIds: [acmeKey.public.id] },
      ],
    });
    const found = problemsOf(nothing, { makers: publicOf(acmeKey, stranger) });
    expect(found.problems.map(({ message }) => message)).toEqual([
      `base.json: expected the signature of a trusted key (${keyIds(acmeKey, stranger).join(', ')}), found signatures of ${release.public.id}`,
    ]);
    expect(found.signed).toEqual([{ origin: 'acme', keyIds: [acmeKey.public.id] }]);
  });

  it('are none of a base whose list names a key by the id of another', () => {
    const [first, second] = trust(release, next);
    const lying = baseOf({ trust: [{ ...first!, keyId: second!.keyId }] });
    expect(messages(nothing, {}, [sign(lying)])).toEqual([
      `manifest.form: base.json: trust[0].keyId: expected ${first!.keyId} of its publicKey, found ${second!.keyId}`,
    ]);
  });
});

it('a base that boot.cfg cannot hold is damage, and no mistake of a recipe', () => {
  const modules = [...baseModules.slice(0, 2), { ...baseModules[2]!, name: 'n'.repeat(64) }];
  const long = baseOf({ kernelOptions: ['o'.repeat(1000)], modules });
  const other = sign(long);
  const change = (volume: FatVolume): void => {
    volume.write('base.json', other.bytes);
    volume.write('base.sig', other.signature);
  };
  expect(messages(change, {}, [base])[0]).toMatch(/^env-block\.too-long: base\.json: bank\.env /);
});

function rewriteBootCfg(from: string, to: string): (volume: FatVolume) => void {
  return (volume) => {
    const text = Buffer.from(volume.read('boot.cfg')).toString('latin1');
    volume.overwrite('boot.cfg', 0, Buffer.from(text.replace(from, to), 'latin1'));
  };
}

function keyIds(...of: readonly (typeof release)[]): string[] {
  return of.map((key) => key.public.id);
}

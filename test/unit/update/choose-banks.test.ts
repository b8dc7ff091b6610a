import { describe, expect, it } from 'vitest';
import { bundlePartsOf } from '../../../src/update/bundle/bundle-of-bank.ts';
import type { Chunks } from '../../../src/update/bundle/make-bundle.ts';
import { chooseBanks } from '../../../src/update/choose-banks.ts';
import { nextBank } from '../../../src/update/next-bank.ts';
import { errorOf } from '../../support/error-of.ts';
import type { SmallImage } from '../bootloader/small-image.ts';
import { type BankContents, diskOf, hostImage } from './host-image.ts';
import {
  baseModules,
  baseOf,
  contentOf,
  fileOf,
  keys,
  moduleOf,
  oemOf,
  sign,
} from './manifests.ts';

const v1 = [sign(baseOf())];
const v2 = [
  sign(baseOf({ version: '2.0', modules: [...baseModules.slice(0, 2), moduleOf('engine')] })),
];
const five: BankContents = { manifests: v2 };
const six: BankContents = { manifests: v1 };
const marked = (bank: BankContents, marks: BankContents['marks']): BankContents => ({
  ...bank,
  marks: marks ?? {},
});

/** `6 kept, 5 overwritten`, or why none is. */
function chosen(image: SmallImage, running?: number): string {
  const { kept, target, targetBank } = chooseBanks(diskOf(image.bytes), running);
  expect(targetBank.number).toBe(target.number);
  return `${kept.number} kept, ${target.number} overwritten`;
}
const refusal = (image: SmallImage, running?: number): string => {
  const { kind, code, message } = errorOf(() => chosen(image, running));
  expect(kind).toBe('refused');
  return `${code}: ${message}`;
};
const damage = (image: SmallImage, bank: number): SmallImage => {
  image.edit(bank, (volume) => volume.overwrite('engine.v00', 5, Buffer.from('wrong')));
  return image;
};

describe('on a disk at rest an update keeps', () => {
  it('the first in order, and overwrites the other one', () => {
    expect(chosen(hostImage({ 5: five, 6: six }))).toBe('5 kept, 6 overwritten');
    const swapped = { 5: marked(five, { updated: 3 }), 6: marked(six, { updated: 4 }) };
    expect(chosen(hostImage(swapped))).toBe('6 kept, 5 overwritten');
  });

  it.each<[string, Parameters<typeof hostImage>[0]]>([
    ['that waits for its trial', { 5: marked(five, { bootstate: '1', updated: 9 }), 6: six }],
    ['whose trial was broken off', { 5: marked(five, { bootstate: '2', updated: 9 }), 6: six }],
    ['that is INVALID', { 5: marked(five, { bootstate: '3', verdict: 'U', updated: 9 }), 6: six }],
    ['that is exhausted', { 5: marked(five, { attempts: '3', updated: 9 }), 6: six }],
    ['that is empty', { 6: six }],
  ])('the other one of a bank %s', (_what, banks) => {
    expect(chosen(hostImage(banks))).toBe('6 kept, 5 overwritten');
  });

  it('the other one of a bank whose contents are wrong, or whose boot.cfg is', () => {
    expect(chosen(damage(hostImage({ 5: five, 6: six }), 5))).toBe('6 kept, 5 overwritten');
    const torn = hostImage({ 5: five, 6: six });
    torn.edit(5, (volume) => volume.overwrite('boot.cfg', 0, Buffer.alloc(512)));
    expect(chosen(torn)).toBe('6 kept, 5 overwritten');
  });

  it('the other one of a bank that is not what its manifests say', () => {
    const image = hostImage({ 5: five, 6: six });
    image.edit(5, (volume) => volume.write('base.sig', v1[0]!.signature));
    expect(chosen(image)).toBe('6 kept, 5 overwritten');
  });

  it('a bank that was started and not confirmed yet, as the next one may confirm it', () => {
    expect(chosen(hostImage({ 5: marked(five, { attempts: '2' }), 6: six }))).toBe(
      '5 kept, 6 overwritten',
    );
  });

  it('none that there is no way back to, and says why for each', () => {
    const both = damage(damage(hostImage({ 5: five, 6: six }), 5), 6);
    expect(refusal(both)).toBe(
      'update.no-way-back: banks: expected one to fall back to that is VALID, not exhausted and verified, found bank 5: engine.v00 does not match its hash; bank 6: engine.v00 does not match its hash',
    );
    const one = damage(hostImage({ 5: five, 6: marked(six, { attempts: '3' }) }), 5);
    expect(refusal(one)).toContain(
      'found bank 5: engine.v00 does not match its hash; bank 6 VALID, attempts 3',
    );
    const none = hostImage({
      5: marked(five, { bootstate: '1' }),
      6: marked(six, { attempts: '3' }),
    });
    expect(refusal(none)).toBe(
      'update.no-way-back: banks: expected one to fall back to that is VALID, not exhausted and verified, found bank 5 UPGRADING, attempts 0; bank 6 VALID, attempts 3',
    );
    expect(refusal(hostImage({}))).toContain(
      'found bank 5 INVALID, attempts 0; bank 6 INVALID, attempts 0',
    );
  });
});

describe('on a running host an update keeps', () => {
  it('the bank that runs, whatever the order', () => {
    expect(chosen(hostImage({ 5: five, 6: six }), 6)).toBe('6 kept, 5 overwritten');
    expect(chosen(hostImage({ 5: five, 6: six }), 5)).toBe('5 kept, 6 overwritten');
  });

  it.each<[string, BankContents, string]>([
    ['is on trial', marked(six, { bootstate: '2' }), 'DIRTY, attempts 0'],
    ['was started by hand', marked(six, { bootstate: '3' }), 'INVALID, attempts 0'],
    ['is not confirmed', marked(six, { attempts: '1' }), 'VALID, attempts 1'],
  ])('no bank that %s', (_what, bank, found) => {
    expect(refusal(hostImage({ 5: five, 6: bank }), 6)).toBe(
      `update.running-bank: bank 6: expected the running bank to be VALID with attempts 0, found ${found}; it has to be confirmed first`,
    );
  });

  it('no bank that has become wrong since it was booted, though the other one would do', () => {
    expect(refusal(damage(hostImage({ 5: five, 6: six }), 6), 6)).toContain(
      'update.no-way-back: banks: expected one to fall back to that is VALID, not exhausted and verified, found bank 6: engine.v00 ',
    );
  });

  it('no bank that is not there', () => {
    expect(refusal(hostImage({ 5: five, 6: six }), 7)).toContain(
      'bank 7: expected the running bank to be VALID with attempts 0, found no such bank',
    );
  });
});

describe('the bank that boots next', () => {
  const next = (image: SmallImage): number => nextBank(diskOf(image.bytes));

  it('is chosen as the loader does it, and nothing is written', () => {
    const image = hostImage({ 5: marked(five, { bootstate: '1', updated: 9 }), 6: six });
    const before = Buffer.from(image.bytes);
    expect(next(image)).toBe(5);
    expect(image.bytes.equals(before)).toBe(true);
    expect(next(hostImage({ 5: marked(five, { bootstate: '2', updated: 9 }), 6: six }))).toBe(6);
    expect(next(damage(hostImage({ 5: five, 6: six }), 5))).toBe(6);
  });

  it('is none where the loader would stop', () => {
    expect(errorOf(() => next(hostImage({})))).toMatchObject({
      kind: 'refused',
      code: 'bank.none',
    });
  });
});

describe('what a bundle of a bank is made of', () => {
  const tool = { name: 'tool.deb', ...fileOf(5000) };
  const manifests = [sign(baseOf({ packages: [tool] })), sign(oemOf('acme'))];
  const image = () => hostImage({ 5: { manifests } });
  const bytesOf = async (chunks: Chunks): Promise<Buffer> => {
    const read: Uint8Array[] = [];
    for await (const chunk of chunks()) read.push(chunk);
    return Buffer.concat(read);
  };
  const corrupt = (make: () => unknown): string => {
    const { kind, code, message } = errorOf(make);
    expect(kind).toBe('corrupt');
    return `${code}: ${message}`;
  };

  it('are its manifests, its modules, and its packages in the store', async () => {
    const parts = bundlePartsOf(diskOf(image().bytes), 5);
    for (const [index, { bytes }] of parts.manifests.entries()) {
      expect(Buffer.compare(bytes, manifests[index]!.bytes)).toBe(0);
    }
    expect(parts.manifests).toHaveLength(2);
    for (const module of manifests.flatMap(({ manifest }) => manifest.modules)) {
      expect(Buffer.compare(await bytesOf(parts.moduleContent(module)), contentOf(module))).toBe(0);
    }
    expect(Buffer.compare(await bytesOf(parts.packageContent(tool)), contentOf(tool))).toBe(0);
  });

  it('is a bank that is right', () => {
    const wrong = image();
    wrong.edit(5, (volume) => volume.overwrite('acme.v00', 0, Buffer.from('x')));
    expect(corrupt(() => bundlePartsOf(diskOf(wrong.bytes), 5))).toBe(
      'bundle.bank: bank 5: expected what its manifests say, found acme.v00: expected what its manifest lists, found other contents',
    );
    expect(corrupt(() => bundlePartsOf(diskOf(image().bytes), 9))).toBe(
      'bundle.bank: bank 9: expected what its manifests say, found no such bank',
    );
  });

  it.each<[string, (image: SmallImage) => void, string]>([
    [
      'lost a package',
      (one) => one.edit(8, (volume) => volume.remove('packages/tool.deb')),
      'no such package',
    ],
    [
      'has another one',
      (one) => one.edit(8, (volume) => volume.overwrite('packages/tool.deb', 9, Buffer.from('x'))),
      'other contents',
    ],
    ['cannot be read', (one) => void one.bytes.fill(0, 14 * 2 ** 20, 14 * 2 ** 20 + 512), ''],
  ])('is a store that never %s', (_what, change, found) => {
    const other = image();
    change(other);
    const { packageContent } = bundlePartsOf(diskOf(other.bytes), 5);
    expect(corrupt(() => packageContent(tool))).toContain(
      `bundle.package: store: expected the package tool.deb of the build, found ${found}`,
    );
  });

  it('is a store whose list is lost as well: a package is found by its name and hash', async () => {
    const other = image();
    other.edit(8, (volume) => volume.remove('builds/1.0-1.json'));
    const { packageContent } = bundlePartsOf(diskOf(other.bytes), 5);
    expect(Buffer.compare(await bytesOf(packageContent(tool)), contentOf(tool))).toBe(0);
  });
});

it('a signer whom the kept bank does not trust makes it none to fall back to', () => {
  const stranger = [sign(baseOf(), keys.stranger)];
  const image = hostImage({ 5: { manifests: stranger }, 6: six });
  expect(chosen(image)).toBe('6 kept, 5 overwritten');
});

import { describe, expect, it } from 'vitest';
import { type ApplyOptions, applyBundle } from '../../../src/update/apply.ts';
import type { KeptManifest } from '../../../src/update/manifest/plan-bank.ts';
import type { SigningKey } from '../../../src/update/signing/key.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import type { SmallImage } from '../bootloader/small-image.ts';
import { bundleOf } from './bundle/signed-bundle.ts';
import { diskOf, hostImage } from './host-image.ts';
import { baseModules, baseOf, keys, moduleOf, oemOf, sign, trust } from './manifests.ts';

const v1 = sign(baseOf());
const v2 = sign(
  baseOf({ version: '2.0', modules: [...baseModules.slice(0, 2), moduleOf('engine')] }),
);
const acme = sign(oemOf('acme'));

/** Applies a bundle of these manifests; `wrote` tells whether one byte of the image has changed. */
async function apply(
  image: SmallImage,
  manifests: readonly KeptManifest[],
  options: ApplyOptions & { key?: SigningKey } = {},
): Promise<{ outcome: string; wrote: boolean }> {
  const { key, ...more } = options;
  const bytes = await bundleOf(manifests, key ? { key } : {});
  const before = Buffer.from(image.bytes);
  const { outcome } = await applyBundle(memorySource('x.tbu', bytes), diskOf(image.bytes), more);
  return { outcome, wrote: !image.bytes.equals(before) };
}

describe('an update that is asked for twice', () => {
  it('is left alone while the new bank waits for its trial', async () => {
    const image = hostImage({ 5: { manifests: [v1] } });
    expect(await apply(image, [v2])).toEqual({ outcome: 'updated', wrote: true });
    expect(await apply(image, [v2])).toEqual({ outcome: 'waiting', wrote: false });
    expect(await apply(image, [v2], { running: 5 })).toEqual({ outcome: 'waiting', wrote: false });
  });

  it('is left alone where the bank that is kept is just what it would make', async () => {
    const image = hostImage({ 5: { manifests: [v2] }, 6: { manifests: [v1] } });
    expect(await apply(image, [v2])).toEqual({ outcome: 'running', wrote: false });
  });

  it('is left alone with an OEM that goes along', async () => {
    const image = hostImage({ 5: { manifests: [v2, acme] }, 6: { manifests: [v1] } });
    expect(await apply(image, [v2])).toEqual({ outcome: 'running', wrote: false });
  });
});

describe('an update is made', () => {
  const waiting = async (): Promise<SmallImage> => {
    const image = hostImage({ 5: { manifests: [v1] } });
    await apply(image, [v2]);
    return image;
  };

  it('again where the bank that waits is damaged', async () => {
    const image = await waiting();
    image.edit(6, (volume) => volume.overwrite('engine.v00', 0, Buffer.from('x')));
    expect((await apply(image, [v2])).outcome).toBe('updated');
    expect((await apply(image, [v2])).outcome).toBe('waiting');
  });

  it('again where the trial has failed', async () => {
    const image = hostImage({
      5: { manifests: [v1] },
      6: { manifests: [v2], marks: { bootstate: '3', verdict: 'T', updated: 9 } },
    });
    expect((await apply(image, [v2])).outcome).toBe('updated');
  });

  it('where an OEM comes with it, or another key has signed it', async () => {
    expect((await apply(await waiting(), [v2, acme])).outcome).toBe('updated');
    const both = sign(
      baseOf({ ...v2.manifest, trust: trust(keys.release, keys.next) }),
      keys.release,
    );
    const image = hostImage({ 5: { manifests: [both] } });
    expect((await apply(image, [both], { key: keys.release })).outcome).toBe('running');
    const options = { key: keys.next };
    expect((await apply(image, [both], options)).outcome).toBe('updated');
  });

  it('where the host has just this, and something else waits for its trial', async () => {
    const image = await waiting();
    expect((await apply(image, [v1])).outcome).toBe('updated');
    expect((await apply(image, [v1])).outcome).toBe('waiting');
  });

  it('over the way back that a person asked for: to the older bank', async () => {
    const image = hostImage({ 5: { manifests: [v2] }, 6: { manifests: [v1] } });
    expect((await apply(image, [v1], { allowOlder: true })).outcome).toBe('updated');
  });

  it('in plan only, where that is what was asked for', async () => {
    const image = hostImage({ 5: { manifests: [v1] } });
    expect(await apply(image, [v2], { dryRun: true })).toEqual({
      outcome: 'planned',
      wrote: false,
    });
    expect(await apply(image, [v1], { dryRun: true })).toEqual({
      outcome: 'running',
      wrote: false,
    });
  });
});

import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../../src/diagnostics/progress.ts';
import { type ApplyOptions, applyBundle } from '../../../src/update/apply.ts';
import { memorySource, streamSource } from '../../../src/update/source/byte-source.ts';
import { bundleOf } from './bundle/signed-bundle.ts';
import { diskOf, hostImage } from './host-image.ts';
import { baseModules, baseOf, fileOf, moduleOf, sign } from './manifests.ts';

const modules = [...baseModules.slice(0, 2), moduleOf('engine', { bytes: 3 * 2 ** 20 })];
const v1 = sign(baseOf());
const v2 = sign(
  baseOf({ version: '2.0', modules, packages: [{ name: 'tool.deb', ...fileOf(700) }] }),
);
const good = await bundleOf([v2]);

/** A dry run on a host; fails where one byte of the image has changed. */
async function rehearse(bundle: Uint8Array, options: ApplyOptions = {}, piped = false) {
  const { bytes } = hostImage({ 5: { manifests: [v1] } });
  const before = Buffer.from(bytes);
  const source = piped
    ? streamSource('pipe', Readable.from([bundle]))
    : memorySource('x.tbu', bundle);
  try {
    return await applyBundle(source, diskOf(bytes), { ...options, dryRun: true });
  } finally {
    expect(bytes.equals(before)).toBe(true);
  }
}

function flipped(at: number): Buffer {
  const bytes = Buffer.from(good);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return bytes;
}

describe('a dry run', () => {
  it('reads the bundle to its last byte, in two steps', async () => {
    const events: ProgressEvent[] = [];
    const { outcome } = await rehearse(good, { report: (event) => void events.push(event) });
    expect(outcome).toBe('planned');
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps.map(({ step, of, title }) => `${step}/${of} ${title}`)).toEqual([
      '1/2 Check the banks and the bundle',
      '2/2 Read the bundle to its end',
    ]);
    expect(events.at(-1)).toEqual({ type: 'done', task: 'check hashes' });
  });

  it.each([
    ['a module', 2 * 2 ** 20, 'bundle.hash'],
    ['a package, the last of all', -1024 - 400, 'bundle.hash'],
    ['the padding behind it', -1024 - 10, 'bundle.padding'],
    ['the end', -1, 'bundle.end'],
  ])('refuses a bundle with a flipped byte in %s', async (_where, at, code) => {
    await expect(rehearse(flipped(at))).rejects.toMatchObject({ kind: 'corrupt', code });
  });

  it.each([
    ['is cut short in a module', good.subarray(0, 2 ** 21), 'bundle.truncated'],
    ['lacks its last byte', good.subarray(0, -1), 'bundle.truncated'],
    ['goes on behind its end', Buffer.concat([good, Buffer.from('x')]), 'bundle.end'],
  ])('refuses a stream that %s', async (_what, bytes, code) => {
    await expect(rehearse(bytes, {}, true)).rejects.toMatchObject({ kind: 'corrupt', code });
  });

  it('reads a bundle whose build the host has already, too', async () => {
    const dry = (bundle: Uint8Array) => {
      const image = hostImage({ 5: { manifests: [v2] }, 6: { manifests: [v1] } });
      const options = { dryRun: true };
      return applyBundle(memorySource('x.tbu', bundle), diskOf(image.bytes), options);
    };
    expect((await dry(good)).outcome).toBe('running');
    await expect(dry(flipped(2 * 2 ** 20))).rejects.toMatchObject({ code: 'bundle.hash' });
  });

  it('ends between two chunks when it is interrupted', async () => {
    const { signal, abort } = abortable();
    const report = (event: ProgressEvent) => {
      if (event.type === 'progress') abort(new Error('interrupted'));
    };
    await expect(rehearse(good, { signal, report })).rejects.toThrow('interrupted');
  });
});

function abortable(): { signal: AbortSignal; abort(why: Error): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (why) => controller.abort(why) };
}

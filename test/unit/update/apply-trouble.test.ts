import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../../src/diagnostics/progress.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { partitionDevice } from '../../../src/disk/partition-device.ts';
import { saveState } from '../../../src/state/save-state.ts';
import { applyBundle } from '../../../src/update/apply.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import { warnings } from '../builder/components/surroundings.ts';
import { bundleOf } from './bundle/signed-bundle.ts';
import { diskOf, hostImage } from './host-image.ts';
import { baseModules, baseOf, fileOf, moduleOf, sign } from './manifests.ts';

const modules = [...baseModules.slice(0, 2), moduleOf('engine')];
const v1 = sign(baseOf());
const tools = ['tool.deb', 'agent.deb'].map((name) => ({ name, ...fileOf(700) }));

describe('a host without a store', () => {
  it.each([
    [
      tools,
      ['store: expected one for tool.deb, agent.deb, found none; its packages are not updated'],
    ],
    [[], []],
  ])('is updated, and warned of packages that it does not get', async (packages, expected) => {
    const v2 = sign(baseOf({ version: '2.0', modules, packages }));
    const events: ProgressEvent[] = [];
    const report = (event: ProgressEvent) => void events.push(event);
    const disk = { ...diskOf(hostImage({ 5: { manifests: [v1] } }).bytes), store: undefined };
    const source = memorySource('x.tbu', await bundleOf([v2]));
    expect((await applyBundle(source, disk, { report })).outcome).toBe('updated');
    expect(warnings(events)).toEqual(expected);
  });
});

describe('a host whose state cannot be kept, as the FAT of its bank is broken', () => {
  it.each([{ dryRun: false }, { dryRun: true }])(
    'is refused with the bank by name and a way out, before anything is written: %o',
    async (options) => {
      const image = hostImage({ 5: { manifests: [v1] }, 6: { manifests: [v1] } });
      const { partitions } = readGpt(memoryDevice(image.bytes));
      const bankOf = (number: number) => {
        const place = partitions.find((one) => one.number === number)!;
        return partitionDevice(memoryDevice(image.bytes), place);
      };
      await saveState({ bank: bankOf(6), other: undefined }, Buffer.from('state'));
      // Two files share clusters, but none that the loader reads.
      image.edit(5, (volume) => {
        for (const name of ['one.txt', 'two.txt']) volume.write(name, Buffer.from(name));
      });
      const start = partitions.find(({ number }) => number === 5)!.firstLba * 512;
      const [one, two] = ['ONE     TXT', 'TWO     TXT'].map((name) =>
        image.bytes.indexOf(name, start, 'latin1'),
      );
      image.bytes.copy(image.bytes, two! + 26, one! + 26, one! + 28);
      const before = Buffer.from(image.bytes);
      const v2 = sign(baseOf({ version: '2.0', modules }));
      const source = memorySource('x.tbu', await bundleOf([v2]));
      await expect(applyBundle(source, diskOf(image.bytes), options)).rejects.toMatchObject({
        ...{ kind: 'corrupt', code: 'fat.chain-crossed' },
        message: expect.stringMatching(
          /^bank 5: .*; what the host is configured to cannot be kept in it: take a state backup, and flash the host anew$/,
        ),
      });
      expect(image.bytes.equals(before)).toBe(true);
    },
  );
});

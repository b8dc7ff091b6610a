import { expect, test } from 'vitest';
import { type BlockDevice, memoryDevice } from '../../../../src/disk/block-device.ts';
import { openFat } from '../../../../src/disk/fat/volume.ts';
import { newVolume, payload } from './trees.ts';

/** The disk after each write of a session that replaces one large file by another and a folder. */
function disksOfSession(): Buffer[] {
  const { bytes, volume } = newVolume();
  volume.write('/keep', payload(5000, 1));
  volume.write('/old', payload(1_500_000, 2));
  volume.flush();
  const disks = [Buffer.from(bytes)];
  const inner = memoryDevice(bytes);
  const device: BlockDevice = {
    ...inner,
    write(offset, data) {
      inner.write(offset, data);
      disks.push(Buffer.from(bytes));
    },
  };
  const session = openFat(device);
  session.write('/new', payload(1_600_000, 3));
  session.remove('/old');
  session.mkdir('/folder');
  session.flush();
  return disks;
}

test('clusters that a power cut has left in no file are free for the next change', () => {
  let lossy = 0;
  for (const bytes of disksOfSession()) {
    const volume = openFat(memoryDevice(bytes));
    if (volume.check().some(({ code }) => code === 'fat.lost-clusters')) lossy++;
    const before = new Map(
      volume
        .walk()
        .flatMap(({ path, directory }) => (directory ? [] : [[path, volume.read(path)]])),
    );
    const used = [...before.values()].reduce(
      (sum, { length }) => sum + Math.ceil(length / volume.clusterBytes) * volume.clusterBytes,
      volume.stat('/folder') ? volume.clusterBytes : 0,
    );
    expect(volume.freeBytes).toBe(volume.boot.clusters * volume.clusterBytes - used);
    const all = payload(volume.freeBytes, 4);
    volume.write('/all', all);
    volume.flush();

    const after = openFat(memoryDevice(bytes));
    expect(after.check()).toEqual([]);
    expect(after.freeBytes).toBe(0);
    expect(Buffer.compare(after.read('/all'), all)).toBe(0);
    for (const [path, content] of before) {
      expect(Buffer.compare(after.read(path), content), path).toBe(0);
    }
  }
  // Those of the new file before its entry, those of the old one after it.
  expect(lossy).toBeGreaterThanOrEqual(2);
});

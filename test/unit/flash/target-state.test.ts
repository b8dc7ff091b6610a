import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silent } from '../../../src/diagnostics/progress.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { readGpt, writeGpt } from '../../../src/disk/gpt.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { finishedDisk } from '../../../src/flash/finished-disk.ts';
import { keepStateOf } from '../../../src/flash/target-state.ts';
import { writeDevice } from '../../../src/flash/write-device.ts';
import { packState } from '../../../src/state/archive.ts';
import { filesOfSettings } from '../../../src/state/settings.ts';
import { encodeSlot, slotNames } from '../../../src/state/slot.ts';
import { smallImage } from '../bootloader/small-image.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const stateOf = (hostname: string) => packState(filesOfSettings({ hostname }));
const copies = () => readdirSync(folder);
const keep = (disk: BlockDevice) => keepStateOf('/dev/sdb', folder, disk);

/** A disk of a host; all of them have the GUID of the image, as clones have. */
function diskOf(hostname: string): BlockDevice {
  const image = smallImage();
  const bytes = encodeSlot({ generation: 3, schema: 1, content: stateOf(hostname) });
  image.edit(5, (volume) => volume.overwrite(slotNames[0]!, 0, bytes));
  return memoryDevice(image.bytes);
}

/** Flashes the image to a disk, until a first part of its data is written. */
async function breakOff(disk: BlockDevice, kept: ReturnType<typeof keep>): Promise<void> {
  const device = memoryDevice(smallImage().bytes);
  const { size } = disk;
  const state = kept.content;
  const finished = await finishedDisk(device, nonZeroExtents(device), { size, state });
  const abort = new AbortController();
  const work = { report: () => abort.abort(new Error('stop')), signal: abort.signal };
  const { mark } = kept;
  const done = writeDevice(finished, disk, { ...work, resume: false, readBack: true, mark });
  await expect(done).rejects.toThrow('stop');
}

describe('the state of a disk that is kept while it is flashed', () => {
  it('is called by the GUID of the disk, and forgotten when the disk has it again', () => {
    const disk = diskOf('rig-7');
    const kept = keep(disk);
    expect(copies()).toEqual([`${readGpt(disk).diskGuid}.state.tgz`]);
    expect(readFileSync(kept.file).equals(kept.content)).toBe(true);
    kept.forget();
    expect(copies()).toEqual([]);
  });

  it('is found again by the disk itself where a run was broken off', async () => {
    const disk = diskOf('rig-7');
    await breakOff(disk, keep(disk));
    const again = keep(disk);
    expect(again).toMatchObject({ leftover: true, content: stateOf('rig-7') });
    await breakOff(disk, again);
    keep(disk).forget();
    expect(copies()).toEqual([]);
  });

  it('is never that of another disk, blank or of the same GUID, nor removes that', async () => {
    const [one, other] = [diskOf('one'), diskOf('other')];
    await breakOff(one, keep(one));
    const blank = memoryDevice(new Uint8Array(one.size));
    expect(() => keep(blank)).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'flash.no-state' }),
    );
    const kept = keep(other);
    expect(copies()).toHaveLength(2);
    await breakOff(other, kept);
    expect(keep(one).content).toEqual(stateOf('one'));
    expect(keep(other).content).toEqual(stateOf('other'));
    keep(other).forget();
    expect(keep(one)).toMatchObject({ leftover: true, content: stateOf('one') });
  });

  it('is refused where the copy that the disk names is gone or cut short', async () => {
    const disk = diskOf('rig-7');
    const { file, content } = keep(disk);
    await breakOff(disk, keepStateOf('/dev/sdb', folder, disk));
    const named = keep(disk).file;
    expect(named).not.toBe(file);
    writeFileSync(named, content.subarray(0, 20));
    const corrupt = expect.objectContaining({ kind: 'corrupt', code: 'flash.kept-state' });
    expect(() => keep(disk)).toThrow(corrupt);
    // A state, but not that of this disk.
    writeFileSync(named, stateOf('other'));
    expect(() => keep(disk)).toThrow(corrupt);
    expect(() => keep(disk)).toThrow(`${named}: expected the state of /dev/sdb with SHA-256 `);
    rmSync(named);
    expect(() => keep(disk)).toThrow(`has kept in ${named} is gone`);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('is not given to a disk that names the copy of another one, nor removed by it', async () => {
    const disk = diskOf('rig-7');
    const { file, content, mark } = keep(disk);
    await breakOff(disk, { ...keep(disk), mark });
    for (const sha256 of ['', ` sha256 ${'0'.repeat(64)}`]) {
      const text = `twinbank flash: state kept as ${basename(file, '.state.tgz')}${sha256}\n`;
      const blank = memoryDevice(new Uint8Array(disk.size));
      blank.write(1024, Buffer.from(text));
      expect(() => keep(blank)).toThrow(
        expect.objectContaining({ kind: 'corrupt', code: 'flash.kept-state' }),
      );
      // One with a state of its own, and a table that leaves the sector free.
      const other = diskOf('other');
      other.write(1024, Buffer.from(text.padEnd(512, '\0')));
      keep(other).forget();
      expect(readFileSync(file).equals(content)).toBe(true);
    }
  });

  it('is refused for a disk without a GUID, which nothing could find again', () => {
    const disk = diskOf('rig-7');
    const diskGuid = '00000000-0000-0000-0000-000000000000';
    writeGpt(disk, { diskGuid, partitions: readGpt(disk).partitions });
    expect(() => keep(disk)).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'flash.no-identity' }),
    );
    expect(copies()).toEqual([]);
  });

  it('leaves no mark on a disk that is whole', async () => {
    const disk = diskOf('rig-7');
    const kept = keep(disk);
    const device = memoryDevice(smallImage().bytes);
    const finished = await finishedDisk(device, nonZeroExtents(device), {
      size: disk.size,
      state: kept.content,
    });
    const work = { report: silent, resume: false, readBack: true, mark: kept.mark };
    await writeDevice(finished, disk, work);
    expect(readGpt(disk).findings).toEqual([]);
    expect(Buffer.from(disk.read(0, 34 * 512)).includes('twinbank flash')).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { silent } from '../../../src/diagnostics/progress.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { alignExtents } from '../../../src/disk/extents.ts';
import { readGpt } from '../../../src/disk/gpt.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { essentialExtents } from '../../../src/flash/essential-extents.ts';
import { type FinishedDisk, finishedDisk } from '../../../src/flash/finished-disk.ts';
import { writeDevice } from '../../../src/flash/write-device.ts';
import { smallImage } from '../bootloader/small-image.ts';
import { payload } from '../disk/fat/trees.ts';
import { failingDisk, PowerCut } from '../state/failing-disk.ts';

const image = smallImage();
const size = image.size + 2 ** 20;
const work = { report: silent, resume: false, readBack: true };

async function finished(identity?: string): Promise<FinishedDisk> {
  const device = memoryDevice(image.bytes);
  const disk = await finishedDisk(device, nonZeroExtents(device), { size, identity });
  const extents = alignExtents([...disk.extents, ...essentialExtents(disk.device)], 4096, size);
  return { device: disk.device, extents };
}

/** The whole of what a target shall hold where the disk has data. */
function holds(target: BlockDevice, { device, extents }: FinishedDisk, but = 0): boolean {
  return extents.every(({ offset, length }) => {
    const skip = Math.max(0, but - offset);
    const [expected, found] = [device, target].map((one) =>
      one.read(offset, length).subarray(skip),
    );
    return Buffer.compare(expected!, found!) === 0;
  });
}

const table = (device: BlockDevice) => {
  try {
    return readGpt(device).diskGuid;
  } catch (error) {
    if (error instanceof TwinbankError) return undefined;
    throw error;
  }
};

describe('a disk before it is written', () => {
  it('may have a store that is no FAT volume, and all of that is written', async () => {
    const { bytes } = smallImage();
    bytes.fill(0, 14 * 2 ** 20, 14 * 2 ** 20 + 512);
    const disk = await finishedDisk(memoryDevice(bytes), [], { size, identity: 'new' });
    expect(essentialExtents(disk.device)).toContainEqual({
      offset: 14 * 2 ** 20,
      length: 4 * 2 ** 20,
    });
  });
});

describe('writing to a device', () => {
  it('leaves what the disk has on a target that was full of something else', async () => {
    const target = memoryDevice(payload(size, 1));
    const disk = await finished('new');
    const written = await writeDevice(disk, target, work);
    expect(holds(target, disk)).toBe(true);
    expect(table(target)).toBe(table(disk.device));
    expect(written).toBeLessThan(3 * 2 ** 20);
  });

  it('leaves the old disk, none that boots, or the new one, wherever the power fails', async () => {
    const old = await finished('old');
    const disk = await finished('new');
    const medium = Buffer.alloc(size);
    await writeDevice(old, memoryDevice(medium), work);
    const guids = [table(old.device), table(disk.device)];
    const seen = new Set<string>();
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    for (let cut = 0; ; cut++) {
      const bytes = Buffer.from(medium);
      const supply = failingDisk(cut, random);
      const ended = await writeDevice(disk, supply.device(bytes), work).catch((error: unknown) => {
        if (error instanceof PowerCut) return 'cut';
        throw error;
      });
      const left = memoryDevice(bytes);
      const found = table(left);
      seen.add(found === undefined ? 'none' : found === guids[0] ? 'old' : 'new');
      // Of the table one copy is enough, and the boot code comes last: all that they lead to is there.
      if (found === guids[1]) expect(holds(left, disk, 34 * 512), `cut at ${cut}`).toBe(true);
      if (found === guids[0]) expect(holds(left, withoutEnds(old))).toBe(true);
      if (ended !== 'cut') break;
      expect(supply.fired()).toBe(true);
    }
    expect(seen).toEqual(new Set(['old', 'none', 'new']));
  });

  it('goes on where a run was broken off', async () => {
    const bytes = Buffer.from(payload(size, 2));
    const target = memoryDevice(bytes);
    const abort = new AbortController();
    let chunks = 0;
    const report = () => {
      if (++chunks === 3) abort.abort(new Error('stop'));
    };
    const stopped = writeDevice(await finished('one'), target, {
      ...work,
      report,
      signal: abort.signal,
    });
    await expect(stopped).rejects.toThrow('stop');
    expect(table(target)).toBeUndefined();
    const disk = await finished('two');
    const whole = await writeDevice(disk, memoryDevice(Buffer.from(bytes)), work);
    const rest = await writeDevice(disk, target, { ...work, resume: true });
    expect(rest).toBeLessThan(whole);
    expect(holds(target, disk)).toBe(true);
  });

  it('finds a medium that does not keep what is written', async () => {
    const target = memoryDevice(Buffer.alloc(size));
    const forgetful = {
      ...target,
      write: (offset: number, bytes: Uint8Array) => {
        const kept = offset > 5 * 2 ** 20 ? bytes.map((byte) => byte & 0xfe) : bytes;
        target.write(offset, kept);
      },
    };
    await expect(writeDevice(await finished(), forgetful, work)).rejects.toMatchObject({
      kind: 'io',
      code: 'flash.read-back',
    });
    expect(table(target)).toBeUndefined();
  });

  it('ends with the error of a device that goes away, and no table on it', async () => {
    const target = memoryDevice(Buffer.alloc(size));
    const gone = new TwinbankError('io', 'file.gone', 'x: the device is not there any more');
    let writes = 0;
    const leaving = {
      ...target,
      write: (offset: number, bytes: Uint8Array) => {
        if (++writes > 4) throw gone;
        target.write(offset, bytes);
      },
    };
    await expect(writeDevice(await finished(), leaving, work)).rejects.toBe(gone);
    expect(table(target)).toBeUndefined();
  });
});

function withoutEnds({ device, extents }: FinishedDisk): FinishedDisk {
  const inside = extents.filter(({ offset, length }) => {
    return offset >= 2 ** 20 && offset + length <= device.size - 2 ** 20;
  });
  return { device, extents: inside };
}

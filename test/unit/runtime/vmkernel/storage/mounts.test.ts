import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HelperEnd } from '../../../../../src/runtime/system/run-helper.ts';
import { parseMounts, volumes } from '../../../../../src/runtime/vmkernel/storage/mounts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'volumes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const end = (change: Partial<HelperEnd> = {}): HelperEnd => ({
  ...{ code: 0, output: Buffer.from(''), error: '' },
  ...change,
});

function fakeVolumes(answer: (command: string) => HelperEnd = () => end(), mounts = '') {
  const asked: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    asked.push([program, ...args].join(' '));
    return answer([program, ...args].join(' '));
  };
  return { asked, places: volumes(run, () => mounts, folder) };
}

describe('the mounts of the system', () => {
  it('are read with blanks in their names, and whether they are read-only', () => {
    const text =
      '/dev/vdb2 /vmfs/volumes/a\\040b ext4 rw,noatime 0 0\n/dev/sda /x ext4 noatime,ro 0 0\n';
    expect(parseMounts(text)).toEqual([
      { device: '/dev/vdb2', path: '/vmfs/volumes/a b', isReadOnly: false },
      { device: '/dev/sda', path: '/x', isReadOnly: true },
    ]);
  });
});

describe('the folder of volumes', () => {
  it('keeps no folder of what could not be mounted, and says why', async () => {
    const { places } = fakeVolumes(() => end({ code: 255, error: 'bad superblock' }));
    const path = join(folder, 'uuid');
    const mounted = places.mount('ext4', 'noatime', '/dev/vdb1', path);
    await expect(mounted).rejects.toThrow(
      `/dev/vdb1: could not be mounted at ${path}: bad superblock`,
    );
    expect(existsSync(path)).toBe(false);
  });

  it('has a link by the name of each volume, also of one that a vmkd before has left', () => {
    const { places } = fakeVolumes();
    places.link('datastore1', 'uuid-a');
    places.link('datastore1', 'uuid-b');
    expect(readlinkSync(join(folder, 'datastore1'))).toBe('uuid-b');
    places.unlink('datastore1');
    expect(existsSync(join(folder, 'datastore1'))).toBe(false);
  });

  it('tells how much room there is, and nothing where nobody answers', async () => {
    const { places } = fakeVolumes(() => end({ output: Buffer.from('4096 100 25\n') }));
    expect(await places.room('/x')).toEqual({ capacity: 409_600, free: 102_400 });
    const silent = fakeVolumes(() => end({ code: 124 }));
    expect(await silent.places.room('/x')).toBeUndefined();
  });

  it('sends no second helper to where one hangs in the kernel', async () => {
    let ended = (): void => {};
    const left = new Promise<void>((done) => (ended = done));
    const { asked, places } = fakeVolumes(() => end({ code: 124, left }));
    await places.room('/x');
    expect(await places.room('/x')).toBeUndefined();
    await places.room('/y');
    expect(asked.map((command) => command.split(' ').at(-1))).toEqual(['/x', '/y']);
    ended();
    await left;
    await places.room('/x');
    expect(asked).toHaveLength(3);
  });
});

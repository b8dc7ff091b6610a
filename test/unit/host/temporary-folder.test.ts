import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withScratch } from '../../../src/builder/components/cache.ts';
import { isOwnerGone, ownerMark } from '../../../src/host/process-owner.ts';
import {
  socketFolder,
  sweepTemporaryFolders,
  temporaryFolder,
  withTemporaryFolder,
} from '../../../src/host/temporary-folder.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync('/tmp/sweep-');
});
afterEach(() => rmSync(parent, { recursive: true }));

const [pid = '', world = '', birth = ''] = ownerMark().split('-');
/** Linux gives out no such number. */
const noPid = '4194305';
const other = (text: string): string => (text.startsWith('a') ? 'b' : 'a') + text.slice(1);

function left(name: string): string {
  mkdirSync(join(parent, name));
  writeFileSync(join(parent, name, 'disk.img'), 'x');
  return name;
}

describe('the mark of a process', () => {
  it('tells one that runs from one that has gone', () => {
    expect(isOwnerGone(ownerMark())).toBe(false);
    expect(isOwnerGone(`${noPid}-${world}-${birth}`)).toBe(true);
  });

  it('tells two processes that had the same number by when they were started', () => {
    expect(isOwnerGone(`${pid}-${world}-${other(birth)}`)).toBe(true);
  });

  it('says nothing of processes of another machine or container, nor what is no mark', () => {
    expect(isOwnerGone(`${noPid}-${other(world)}-${birth}`)).toBe(false);
    const mine = `${pid}-${world}-${other(birth)}`;
    expect([isOwnerGone(mine), isOwnerGone(mine, parent)]).toEqual([true, false]);
    for (const text of ['', noPid, `${noPid}-${world}`, `x${noPid}-${world}-${birth}`]) {
      expect(isOwnerGone(text)).toBe(false);
    }
  });
});

describe('sweeping the folder for temporary files', () => {
  it('removes what killed processes have left, and nothing else', () => {
    left(`twinbank-disk-${noPid}-${world}-${birth}-aB3xYz`);
    left(`twinbank-machine-${pid}-${world}-${other(birth)}-aB3xYz`);
    const mine = temporaryFolder('disk', parent);
    const kept = [
      left(`twinbank-disk-${noPid}-${other(world)}-${birth}-aB3xYz`),
      left('twinbank-disk-aB3xYz'),
      left(`other-disk-${noPid}-${world}-${birth}-aB3xYz`),
      left(`twinbank-disk-${noPid}-${world}-${birth}-aB3xYz.mine`),
    ];
    const file = `twinbank-file-${noPid}-${world}-${birth}-aB3xYz`;
    writeFileSync(join(parent, file), '');
    const link = `twinbank-link-${noPid}-${world}-${birth}-aB3xYz`;
    symlinkSync(join(parent, kept[0] ?? ''), join(parent, link));
    sweepTemporaryFolders(parent);
    expect(readdirSync(parent).sort()).toEqual([...kept, basename(mine.path), file, link].sort());
    expect(existsSync(join(parent, kept[0] ?? '', 'disk.img'))).toBe(true);
    return mine.remove();
  });

  it('leaves a folder that is not there to whoever misses it', () => {
    expect(() => sweepTemporaryFolders(join(parent, 'none'))).not.toThrow();
  });
});

describe('a temporary folder', () => {
  it('is gone after the work, also where that failed', async () => {
    const seen: string[] = [];
    const work = async (path: string) => {
      seen.push(path);
      expect(existsSync(path)).toBe(true);
      throw new Error('no room');
    };
    await expect(withTemporaryFolder('grub', work, parent)).rejects.toThrow('no room');
    expect(seen).toHaveLength(1);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('is in /tmp where the paths of its sockets would be too long, as they would be cut off', async () => {
    const before = process.env.TMPDIR;
    const long = join(parent, 'x'.repeat(60));
    mkdirSync(long);
    try {
      for (const [folder, expected] of [
        [long, '/tmp'],
        [parent, parent],
      ] as const) {
        process.env.TMPDIR = folder;
        const { path, remove } = socketFolder('machine');
        expect(dirname(path)).toBe(expected);
        expect(join(path, 'console.sock').length).toBeLessThanOrEqual(107);
        await remove();
      }
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});

describe('work under way in the cache', () => {
  it('is swept by the next build when its process was killed', async () => {
    const cache = { directory: parent, key: Buffer.alloc(32, 1), report: () => {} };
    mkdirSync(join(parent, 'scratch', `${noPid}-${world}-${birth}-0123abcd`), { recursive: true });
    const beside = `${noPid}-${other(world)}-${birth}-0123abcd`;
    mkdirSync(join(parent, 'scratch', beside));
    const seen = await withScratch(cache, async (path) => {
      return [basename(path), ...readdirSync(join(parent, 'scratch'))].sort();
    });
    expect(seen).toHaveLength(3);
    expect(readdirSync(join(parent, 'scratch'))).toEqual([beside]);
  });
});

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addBytes, findObject } from '../../../../../src/builder/components/cache.ts';
import {
  enterCache,
  prunesEnded,
  whilePruning,
} from '../../../../../src/builder/components/cache-use.ts';
import { ownerMark } from '../../../../../src/host/process-owner.ts';
import { runHere } from '../../host.ts';

const day = 24 * 3_600_000;

const object = (digit: number): string => `objects/ab/${`${digit}`.repeat(62)}`;

function newCache() {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-cache-prune-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const directory = join(folder, 'cache');
  const at = (path: string): string => join(directory, path);
  return {
    directory,
    at,
    /** A file of a MiB that was last used so many days ago. */
    file(path: string, days: number, bytes = 2 ** 20): string {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), Buffer.alloc(bytes, 1));
      const used = (Date.now() - days * day) / 1000;
      utimesSync(at(path), used, used - 1000);
      return at(path);
    },
    prune: (...args: string[]) =>
      runHere(['cache', 'prune', ...args], { host: { env: { TWINBANK_CACHE: directory } } }),
  };
}

describe('cache prune', () => {
  it('removes what was not used for 30 days, and says how much', async () => {
    const { file, prune, directory } = newCache();
    const old = [
      file(object(1), 31),
      file(`derived/${'1'.repeat(64)}.json`, 40, 1),
      file('apt/pkgcache.bin', 31),
    ];
    const recent = [file(object(2), 29), file(`resolutions/${'1'.repeat(64)}.json`, 1, 1)];
    const dry = await prune('--dry-run');
    expect(dry.stdout).toMatch(/would remove 3 files, 2\.0 MiB; left: 2 files, 1\.0 MiB/);
    expect(old.filter((path) => existsSync(path))).toEqual(old);
    const { code, stdout } = await prune('--json');
    expect(code).toBe(0);
    const { removed, left, inUse } = JSON.parse(stdout);
    expect(removed).toMatchObject({ files: 3 });
    expect(left).toMatchObject({ files: 2 });
    expect(inUse).toEqual({ files: 0, bytes: 0 });
    expect(old.filter((path) => existsSync(path))).toEqual([]);
    expect(recent.filter((path) => existsSync(path))).toEqual(recent);
    expect((await prune()).stdout).toContain(`${directory}: removed 0 files, 0 B`);
  });

  it('leaves by size what was used last, whatever its age', async () => {
    const { file, prune } = newCache();
    const [oldest, older, recent] = [file(object(1), 90), file(object(2), 80), file(object(3), 3)];
    await prune('--max-size', '2560KiB');
    expect([oldest, older, recent].map((path) => existsSync(path))).toEqual([false, true, true]);
    await prune('--max-size', '0B');
    expect([older, recent].map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('takes nothing from a run under way, but what that has not used since it began', async () => {
    const { file, prune, at } = newCache();
    const [before, since] = [file(object(1), 3), file(object(2), 0)];
    file(`runs/${ownerMark()}`, 1, 0);
    utimesSync(at(`runs/${ownerMark()}`), (Date.now() - day) / 1000, (Date.now() - day) / 1000);
    const { stdout } = await prune('--max-size', '0B');
    expect(stdout).toMatch(
      /removed 1 file, 1\.0 MiB; left: 1 file, 1\.0 MiB\nkept for a run that may be/,
    );
    expect([before, since].map((path) => existsSync(path))).toEqual([false, true]);
  });

  it('does not wait for runs that were killed, nor for ever for those of other machines', async () => {
    const { file, prune, at } = newCache();
    const [, world, birth] = ownerMark().split('-');
    const kept = file(object(1), 0);
    const foreign = file(`runs/1-zzzz-${birth}`, 0.5, 0);
    await prune('--max-size', '0B');
    expect(existsSync(kept)).toBe(true);
    file(`runs/1-zzzz-${birth}`, 2, 0);
    // The number of this process, which began at another time.
    file(`runs/${process.pid}-${world}-0000`, 0, 0);
    await prune('--max-size', '0B');
    expect(existsSync(kept)).toBe(false);
    expect(existsSync(foreign)).toBe(false);
    expect(existsSync(at(`runs/${process.pid}-${world}-0000`))).toBe(false);
  });

  it('keeps what a build finds in the cache from then on', async () => {
    const { directory, prune } = newCache();
    const cache = { directory, key: Buffer.alloc(32, 1), report: () => {} };
    const { path, sha256 } = await addBytes(cache, Buffer.from('module'));
    const used = (Date.now() - 40 * day) / 1000;
    utimesSync(path, used, used);
    expect(await findObject({ ...cache }, sha256)).toBe(path);
    expect(statSync(path).mtimeMs).toBeCloseTo(used * 1000, 0);
    await prune();
    expect(existsSync(path)).toBe(true);
  });

  it('lets a run that begins meanwhile wait until it has ended, or the run is told to stop', async () => {
    const { directory, at } = newCache();
    const { signal } = new AbortController();
    const stopped = AbortSignal.abort(new Error('stop'));
    const events: string[] = [];
    let entering = Promise.resolve();
    await whilePruning(directory, {}, async () => {
      entering = enterCache(directory, signal).then(() => void events.push('entered'));
      await expect(enterCache(directory, stopped)).rejects.toThrow('stop');
      // Longer than it waits between two looks.
      await new Promise((resolve) => setTimeout(resolve, 120));
      events.push('pruned');
    });
    await entering;
    expect(events).toEqual(['pruned', 'entered']);
    expect(existsSync(at(`runs/${ownerMark()}`))).toBe(true);
  });

  it('is not waited for once it must have ended: nobody knows of another machine', async () => {
    const { file, directory, at } = newCache();
    const mark = 'pruning/1-zzzz-0000';
    file(mark, 0, 0);
    utimesSync(at(mark), Date.now() / 1000 - 61, Date.now() / 1000 - 61);
    await enterCache(directory, new AbortController().signal);
    expect(existsSync(at(mark))).toBe(false);
    // As a clock that was set back leaves it.
    file(mark, -900, 0);
    await prunesEnded(directory);
  });

  it('leaves alone what is none of its own, whatever its name and age, and behind a link', async () => {
    const { file, prune, at } = newCache();
    const others = [
      ...[file('apt/notes', 90), file('objects/letters/x', 90), file('derived/a.json', 90)],
      ...[file('runs/exp1/weights', 90), file('pruning/x', 90), file('../victim/old', 90)],
      file(`../victim/${'2'.repeat(64)}.json`, 90),
    ];
    symlinkSync('../victim', at('resolutions'));
    await prune('--max-size', '0B');
    expect(others.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('removes downloads that were broken off, whoever has named them', async () => {
    const { file, prune } = newCache();
    const left = ['left', `${ownerMark()}-00000000`, '1-zzzz-zzzz-00000000', '17.0'].map(
      (owner) => {
        const path = file(`partial/${'1'.repeat(64)}.${owner}/package.deb`, 90);
        utimesSync(dirname(path), 1, 1);
        return path;
      },
    );
    await prune();
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  });

  it('removes nothing by --dry-run, not even marks', async () => {
    const { file, prune } = newCache();
    const mark = file('runs/1-zzzz-0000', 90, 0);
    await prune('--dry-run');
    expect(existsSync(mark)).toBe(true);
  });

  it('refuses a cache whose marks would lie behind a link', async () => {
    const { file, directory, at, prune } = newCache();
    const victim = file('../victim/old', 90);
    mkdirSync(directory);
    for (const folder of ['runs', 'pruning']) symlinkSync('../victim', at(folder));
    await expect(enterCache(directory, new AbortController().signal)).rejects.toThrow(
      'runs: expected a folder of the cache, found a link',
    );
    expect((await prune()).code).toBe(5);
    expect(existsSync(victim)).toBe(true);
  });

  it('writes its marks through no link that somebody has put there', async () => {
    const { file, prune, at, directory } = newCache();
    const victim = file('../victim', 0, 5);
    const plant = (folder: string): void => {
      mkdirSync(at(folder), { recursive: true });
      symlinkSync(victim, at(`${folder}/${ownerMark()}`));
    };
    plant('runs');
    await enterCache(directory, new AbortController().signal);
    plant('pruning');
    expect((await prune()).code).toBe(0);
    expect(statSync(victim).size).toBe(5);
  });

  it('refuses an age and a size that are none', async () => {
    const { prune } = newCache();
    const age = await prune('--older-than', '3');
    expect(age).toMatchObject({ code: 2 });
    expect(age.stderr).toContain(
      '--older-than: expected hours or days such as 12h or 30d, found "3"',
    );
    const size = await prune('--max-size', '2G');
    expect(size).toMatchObject({ code: 2 });
    expect(size.stderr).toContain('--max-size: expected a size such as 2GiB, found "2G"');
  });
});

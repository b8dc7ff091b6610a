import { describe, expect, it } from 'vitest';
import type { HelperEnd, RunHelper } from '../../../../../src/runtime/system/run-helper.ts';
import { leaveSwap, parseSwaps } from '../../../../../src/runtime/vmkernel/resources/swap-file.ts';
import { worldSwap } from '../../../../../src/runtime/vmkernel/resources/world-swap.ts';
import type { SwapPlace } from '../../../../../src/state/resources-setting.ts';

const mib = 2 ** 20;
interface File {
  size: number;
  isSwap: boolean;
  stat?: string;
}

/** A host whose programs do to its files what the real ones do. */
function fakeHost() {
  const files = new Map<string, File>();
  const swaps: string[] = [];
  const asked: string[] = [];
  const lines: string[] = [];
  const host = {
    place: undefined as SwapPlace | undefined,
    scratch: '/scratch' as string | null,
    accessible: true,
    room: { capacity: 819 * mib, free: 800 * mib } as
      | { capacity: number; free: number }
      | undefined,
    folder: '0 700',
    fails: '',
  };
  const end = (code: number, output = '', error = ''): HelperEnd => ({
    code,
    output: Buffer.from(output),
    error,
  });
  const readSwaps = (): string =>
    `Filename Type Size Used Priority\n${swaps
      .map((path) => `${path} file ${(files.get(path)?.size ?? 0) / 1024} 1024 -2\n`)
      .join('')}`;
  const programs: Record<string, (args: readonly string[]) => HelperEnd> = {
    stat: ([, format, path = '']) => {
      if (format === '%u %a') return end(0, `${host.folder}\n`);
      const file = files.get(path);
      if (!file) return end(1, '', `stat: can't stat '${path}': No such file or directory`);
      return end(0, file.stat ?? `0 1 ${file.size} regular file\n`);
    },
    rm: ([, path = '']) => {
      files.delete(path);
      return end(0);
    },
    sh: (args) => {
      files.set(args[3] ?? '', { size: Number(args[4]) * mib, isSwap: false });
      return end(0);
    },
    mkswap: ([path = '']) => {
      const file = files.get(path);
      if (file) file.isSwap = true;
      return end(file ? 0 : 1);
    },
    swapon: ([path = '']) => {
      if (!files.get(path)?.isSwap) return end(1, '', 'swapon: Invalid argument');
      swaps.push(path);
      return end(0);
    },
    swapoff: ([path = '']) => {
      swaps.splice(swaps.indexOf(path), 1);
      return end(0);
    },
  };
  const run: RunHelper = async (program, args) => {
    asked.push(`${program} ${args.at(-1)}`);
    if (program === host.fails) return end(1, '', 'it does not work');
    return programs[program]?.(args) ?? end(127);
  };
  const swap = worldSwap({
    ...{ run, readSwaps, place: () => host.place },
    line: (text) => void lines.push(text),
    room: async () => host.room,
    list: async () => ({
      scratch: host.scratch,
      datastores: [
        {
          ...{ name: 'datastore1', uuid: 'u1', type: 'ext4', path: '/vmfs/volumes/u1' },
          ...{ capacity: 1, free: 1, accessible: host.accessible },
          why: host.accessible ? null : 'its disk has gone',
        },
      ],
    }),
  });
  return { host, swap, files, swaps, asked, lines, run, readSwaps };
}

describe('K6: the one swap file of all worlds', () => {
  it('is made on the scratch partition, and found there the next time', async () => {
    const { swap, files, swaps, asked, lines, host } = fakeHost();
    await swap.refresh();
    expect(swaps).toEqual(['/scratch/worlds.swap']);
    expect(files.get('/scratch/worlds.swap')).toEqual({ size: 256 * mib, isSwap: true });
    expect(lines).toEqual(['worlds: they swap to /scratch/worlds.swap']);
    expect(swap.report()).toEqual({ path: swaps[0], size: 256 * mib, used: mib });
    asked.length = 0;
    await swap.refresh();
    expect(asked).toEqual([]);
    // The next start of the host: it is there, and nothing is written.
    swaps.length = 0;
    await swap.refresh();
    expect(asked.map((one) => one.split(' ')[0])).toEqual(['stat', 'stat', 'swapon']);
    expect(swap.problems()).toEqual([]);
    expect(host.place).toBeUndefined();
  });

  it('is none where nothing is set and no disk has a scratch partition, and a problem where it was asked for', async () => {
    const { swap, asked, lines, host } = fakeHost();
    host.scratch = null;
    await swap.refresh();
    expect([asked, lines, swap.report(), swap.problems()]).toEqual([[], [], null, []]);
    host.place = 'scratch';
    await swap.refresh();
    await swap.refresh();
    const why = 'swap of worlds: expected a disk with a scratch partition, found none';
    expect([swap.problems(), lines]).toEqual([[why], [why]]);
    host.place = { datastore: 'datastore7' };
    await swap.refresh();
    expect(swap.problems()).toEqual([
      'swap of worlds: expected the datastore datastore7, found none',
    ]);
    host.place = 'none';
    await swap.refresh();
    expect([asked, swap.problems()]).toEqual([[], []]);
  });

  it('is moved to a datastore by an administrator, and is given up when he wants none', async () => {
    const { swap, swaps, files, host } = fakeHost();
    await swap.refresh();
    host.place = { datastore: 'datastore1' };
    await swap.refresh();
    expect([swaps, [...files.keys()]]).toEqual([
      ['/vmfs/volumes/u1/worlds.swap'],
      ['/vmfs/volumes/u1/worlds.swap'],
    ]);
    host.place = 'none';
    await swap.refresh();
    expect([swaps, files.size, swap.report()]).toEqual([[], 0, null]);
    host.place = { datastore: 'datastore1' };
    host.accessible = false;
    await swap.refresh();
    expect(swap.problems()).toEqual([
      'swap of worlds: expected the datastore datastore1, found its disk has gone',
    ]);
  });

  it('is left before what it is on is unmounted', async () => {
    const { swap, swaps, asked, run, readSwaps } = fakeHost();
    await swap.refresh();
    await leaveSwap({ run, readSwaps }, '/scrat');
    expect(swaps).toHaveLength(1);
    await leaveSwap({ run, readSwaps }, '/scratch');
    expect([swaps, asked.at(-1)]).toEqual([[], 'swapoff /scratch/worlds.swap']);
  });

  it('takes a half of a small volume, and none where there is too little room', async () => {
    const { swap, files, host } = fakeHost();
    host.room = { capacity: 101 * mib, free: 100 * mib };
    await swap.refresh();
    expect(files.get('/scratch/worlds.swap')?.size).toBe(50 * mib);
    for (const [room, why] of [
      [{ capacity: 20 * mib, free: 20 * mib }, 'room of 16 MiB, found 20 MiB'],
      [{ capacity: 800 * mib, free: 99.5 * mib }, 'room of 256 MiB, found 99 MiB'],
    ] as const) {
      const full = fakeHost();
      full.host.room = room;
      await full.swap.refresh();
      expect(full.swap.problems()).toEqual([
        `swap of worlds: /scratch/worlds.swap: expected ${why}`,
      ]);
    }
    host.room = undefined;
    host.place = { datastore: 'datastore1' };
    await swap.refresh();
    expect(swap.problems()).toEqual(['swap of worlds: /vmfs/volumes/u1: it does not answer']);
  });

  it('is made anew where the power has ended its making, and removed where it cannot be made', async () => {
    const { swap, files, swaps } = fakeHost();
    files.set('/scratch/worlds.swap', { size: 3 * mib, isSwap: false });
    await swap.refresh();
    expect([swaps.length, files.get('/scratch/worlds.swap')?.size]).toEqual([1, 256 * mib]);
    const full = fakeHost();
    full.host.fails = 'sh';
    await full.swap.refresh();
    expect([full.files.size, full.swap.problems()]).toEqual([
      0,
      ['swap of worlds: sh /scratch/worlds.swap: exit code 1: it does not work'],
    ]);
  });

  it('is made and opened by root only where nobody else can put something else in its place', async () => {
    for (const folder of ['108 700', '0 770', '0 1757', '0 755']) {
      const { swap, host, files } = fakeHost();
      host.folder = folder;
      await swap.refresh();
      expect(swap.problems().length === 0, folder).toBe(folder === '0 755');
      expect(files.size, folder).toBe(folder === '0 755' ? 1 : 0);
    }
    for (const stat of [
      '108 1 268435456 regular file',
      '0 2 9 regular file',
      '0 1 9 symbolic link',
    ]) {
      const { swap, files, swaps, asked } = fakeHost();
      files.set('/scratch/worlds.swap', { size: 256 * mib, isSwap: true, stat });
      await swap.refresh();
      expect(swap.problems(), stat).toEqual([
        expect.stringContaining("/scratch/worlds.swap: expected a file of root's, found a "),
      ]);
      expect([swaps, asked.some((one) => /^(rm|sh|swapon)/.test(one))]).toEqual([[], false]);
    }
  });

  it('has the names that the kernel gives in octal, and is no partition', () => {
    const text =
      'Filename\tType\tSize\tUsed\tPriority\n/a\\040b/worlds.swap\tfile\t\t8\t4\t-2\n/dev/sda2 partition 8 0 -3\n';
    expect(parseSwaps(text)).toEqual([{ path: '/a b/worlds.swap', size: 8192, used: 4096 }]);
  });
});

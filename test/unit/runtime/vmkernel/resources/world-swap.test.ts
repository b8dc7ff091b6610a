import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type HelperEnd,
  type HelperOptions,
  type RunHelper,
  runHelper,
} from '../../../../../src/runtime/system/run-helper.ts';
import {
  leaveSwap,
  parseSwaps,
  removeSwapFile,
  useSwapFile,
} from '../../../../../src/runtime/vmkernel/resources/swap-file.ts';
import { worldSwap } from '../../../../../src/runtime/vmkernel/resources/world-swap.ts';
import type { SwapPlace } from '../../../../../src/state/resources-setting.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const mib = 2 ** 20;
interface File {
  size: number;
  isSwap: boolean;
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
  const fileOf = (volume = ''): string => `${volume}/.swap/worlds.swap`;
  /** In the folder of the swap file of a volume. */
  const programs: Record<string, (path: string, args: readonly string[]) => HelperEnd> = {
    sh: (path) => end(0, `${files.get(path)?.size ?? ''}\n`),
    rm: (path) => {
      files.delete(path);
      return end(0);
    },
    dd: (path, args) => {
      const count = args.find((arg) => arg.startsWith('count='))?.slice(6);
      files.set(path, { size: Number(count) * mib, isSwap: false });
      return end(0);
    },
    mkswap: (path) => {
      const file = files.get(path);
      if (file) file.isSwap = true;
      return end(file ? 0 : 1);
    },
    swapon: (path) => {
      if (!files.get(path)?.isSwap) return end(1, '', 'swapon: Invalid argument');
      swaps.push(path);
      return end(0);
    },
  };
  const run: RunHelper = async (program, [, , , volume, inside, ...args]) => {
    if (program === 'swapoff') {
      const [path = ''] = swaps.splice(0, 1);
      asked.push(`swapoff ${path}`);
      return end(0);
    }
    // Its folder is made.
    if (inside === undefined) return end(0);
    asked.push(`${inside} ${volume}`);
    if (inside === host.fails) return end(1, '', 'it does not work');
    return programs[inside]?.(fileOf(volume), args) ?? end(127);
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
        {
          ...{ name: 'nas1', uuid: 'u2', type: 'nfs', path: '/vmfs/volumes/u2' },
          ...{ capacity: 1, free: 1, accessible: true, why: null },
        },
      ],
    }),
  });
  return { host, swap, files, swaps, asked, lines, run, readSwaps };
}

/** Programs of this machine, which has no swap file to be put on. */
const real = {
  run: async (program: string, args: readonly string[], options: HelperOptions) =>
    args[4] === 'swapon' || args[4] === 'mkswap'
      ? { code: 1, output: Buffer.from(''), error: 'no swap here' }
      : runHelper(program, args, options),
  readSwaps: () => '',
};
const room = { capacity: 32 * mib, free: 32 * mib };

describe('K6: the one swap file of all worlds', () => {
  it('is made on no server', async () => {
    const { swap, swaps, host } = fakeHost();
    host.place = { datastore: 'nas1' };
    await swap.refresh();
    expect(swaps).toEqual([]);
    expect(swap.problems()).toEqual([
      'swap of worlds: expected a datastore on a local disk, found nas1 on a server',
    ]);
  });

  it('is made on the scratch partition, and found there the next time', async () => {
    const { swap, files, swaps, asked, lines, host } = fakeHost();
    await swap.refresh();
    expect(swaps).toEqual(['/scratch/.swap/worlds.swap']);
    expect(files.get('/scratch/.swap/worlds.swap')).toEqual({ size: 256 * mib, isSwap: true });
    expect(lines).toEqual(['worlds: they swap to /scratch/.swap/worlds.swap']);
    expect(swap.report()).toEqual({ path: swaps[0], size: 256 * mib, used: mib });
    asked.length = 0;
    await swap.refresh();
    expect(asked).toEqual([]);
    // The next start of the host: it is there, and nothing is written.
    swaps.length = 0;
    await swap.refresh();
    expect(asked.map((one) => one.split(' ')[0])).toEqual(['sh', 'swapon']);
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
      ['/vmfs/volumes/u1/.swap/worlds.swap'],
      ['/vmfs/volumes/u1/.swap/worlds.swap'],
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
    expect([swaps, asked.at(-1)]).toEqual([[], 'swapoff /scratch/.swap/worlds.swap']);
  });

  it('takes a half of a small volume, and none where there is too little room', async () => {
    const { swap, files, host } = fakeHost();
    host.room = { capacity: 101 * mib, free: 100 * mib };
    await swap.refresh();
    expect(files.get('/scratch/.swap/worlds.swap')?.size).toBe(50 * mib);
    for (const [room, why] of [
      [{ capacity: 20 * mib, free: 20 * mib }, 'room of 16 MiB, found 20 MiB'],
      [{ capacity: 800 * mib, free: 99.5 * mib }, 'room of 256 MiB, found 99 MiB'],
    ] as const) {
      const full = fakeHost();
      full.host.room = room;
      await full.swap.refresh();
      expect(full.swap.problems()).toEqual([`swap of worlds: /scratch: expected ${why}`]);
    }
    host.room = undefined;
    host.place = { datastore: 'datastore1' };
    await swap.refresh();
    expect(swap.problems()).toEqual(['swap of worlds: /vmfs/volumes/u1: it does not answer']);
  });

  it('is made anew where the power has ended its making, and removed where it cannot be made', async () => {
    const { swap, files, swaps } = fakeHost();
    files.set('/scratch/.swap/worlds.swap', { size: 3 * mib, isSwap: false });
    await swap.refresh();
    expect([swaps.length, files.get('/scratch/.swap/worlds.swap')?.size]).toEqual([1, 256 * mib]);
    const full = fakeHost();
    full.host.fails = 'dd';
    await full.swap.refresh();
    expect([full.files.size, full.swap.problems()]).toEqual([
      0,
      ['swap of worlds: dd in /scratch/.swap: exit code 1: it does not work'],
    ]);
  });

  it('is made by root in a folder of its own alone, whatever somebody has put to its name', async () => {
    const elsewhere = mkdtempSync('/dev/shm/twinbank-swap-');
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));
    const refused = /expected a folder of root's alone on this volume, found user/;
    const attempts: Record<string, (volume: string) => void> = {
      'a folder that others may write': (volume) => {
        mkdirSync(join(volume, '.swap'));
        chmodSync(join(volume, '.swap'), 0o770);
      },
      // It is root's alone, and on another volume.
      'a link to elsewhere': (volume) => symlinkSync(elsewhere, join(volume, '.swap')),
    };
    for (const [what, attempt] of Object.entries(attempts)) {
      const volume = temporaryFiles({ 'x.vmdk': '' });
      attempt(volume);
      await expect(useSwapFile(real, volume, room), what).rejects.toThrow(refused);
    }
    const volume = temporaryFiles({ 'x.vmdk': '' });
    // As a datastore is: what is made in there is of its group.
    chmodSync(volume, 0o2770);
    await expect(useSwapFile(real, volume, room)).rejects.toThrow('no swap here');
    expect(statSync(join(volume, '.swap')).mode & 0o777).toBe(0o700);
    const { size, mode } = statSync(join(volume, '.swap/worlds.swap'));
    expect([size, mode & 0o777]).toEqual([16 * mib, 0o600]);
    await removeSwapFile(runHelper, join(volume, '.swap/worlds.swap'));
    expect(readdirSync(join(volume, '.swap'))).toEqual([]);
  });

  it('has the names that the kernel gives in octal, and is no partition', () => {
    const text =
      'Filename\tType\tSize\tUsed\tPriority\n/a\\040b/worlds.swap\tfile\t\t8\t4\t-2\n/dev/sda2 partition 8 0 -3\n';
    expect(parseSwaps(text)).toEqual([{ path: '/a b/worlds.swap', size: 8192, used: 4096 }]);
  });
});

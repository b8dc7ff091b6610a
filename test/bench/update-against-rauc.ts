import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/builder/components/digest.ts';
import { memoryDevice } from '../../src/disk/block-device.ts';
import { openFat } from '../../src/disk/fat/volume.ts';
import { isZero } from '../../src/disk/sparse.ts';
import { runTool } from '../../src/host/run-tool.ts';
import { readBank } from './bank-of-image.ts';
import type { BenchContext, BenchRow, Contest } from './bench-row.ts';
import { startRauc } from './rauc.ts';
import { runProgram } from './run-program.ts';
import { startUpdateDaemon, type UpdateDaemon } from './update-daemon.ts';

/** The bank that an update of a new image overwrites. */
const target = 6;

const meaning =
  'twinbank update with a full bundle, read back past the caches, against rauc install (format plain, boot loader noop) of the same bank as a raw image, which reads nothing back';

/** Whole commands, Node's start among ours; RAUC's daemon runs already, as it does on its hosts. */
export const updateRow: BenchRow = {
  name: 'update',
  meaning: `${meaning}; in files`,
  runs: 15,
  target: { ratio: 1.5 },
  setUp: async (context) => {
    const { folder } = context;
    const versions = await twoVersions(context);
    const [image, slot] = [join(folder, 'disk.img'), join(folder, 'slot1')];
    return contest(context, versions, { image, slots: [join(folder, 'slot0'), slot] });
  },
};

/** A host's own daemon runs as RAUC's does: ours, too, is there before the clock starts, and idle. */
export const daemonUpdateRow: BenchRow = {
  name: 'update by a daemon',
  meaning:
    'the same in files, by a process that has been started and has loaded its code, but never run it, before the clock starts; RAUC has its daemon there as well',
  runs: 15,
  target: { ratio: 1 },
  setUp: (context) => daemonContest(context, { compares: false }),
};

/** What ours does besides: RAUC's slot is read back from its medium, too. */
export const comparedUpdateRow: BenchRow = {
  name: 'update by a daemon, compared',
  meaning:
    'the same against rauc install and a comparison of what it wrote: the cache of the slot is dropped, and cmp reads it beside the image',
  runs: 15,
  target: { ratio: 1 },
  setUp: (context) => daemonContest(context, { compares: true }),
};

async function daemonContest(
  context: BenchContext,
  { compares }: { readonly compares: boolean },
): Promise<Contest> {
  const { folder } = context;
  const versions = await twoVersions(context);
  const image = join(folder, 'disk.img');
  const slots = [join(folder, 'slot0'), join(folder, 'slot1')] as const;
  let daemon: UpdateDaemon | undefined;
  return contest(context, versions, {
    image,
    slots,
    compares,
    prepare: async () => {
      await daemon?.stop();
      daemon = await startUpdateDaemon(context.program, image, versions.newer.bundle);
    },
    update: async () => daemon?.apply(),
    daemons: () => (daemon ? [daemon.pid] : []),
    end: async () => daemon?.stop(),
  });
}

/** The same on block devices, where all of it goes through the caches of two levels on both sides. */
export const updateOnDevicesRow: BenchRow = {
  name: 'update on devices',
  meaning: `${meaning}; on loop devices`,
  runs: 7,
  target: { ratio: 1 },
  setUp: async (context) => {
    const { folder } = context;
    const versions = await twoVersions(context);
    const loops: string[] = [];
    const attach = async (name: string, like: string): Promise<string> => {
      await copy(like, join(folder, name));
      const { stdout } = await runTool('losetup', ['--find', '--show', join(folder, name)]);
      const device = stdout.toString().trim();
      loops.push(device);
      return device;
    };
    const detach = async () => {
      for (const device of loops) await runTool('losetup', ['--detach', device]);
    };
    try {
      const image = await attach('disk.img', versions.older.image);
      const slots = [
        await attach('slot0', versions.older.bank),
        await attach('slot1', versions.older.bank),
      ] as const;
      const made = await contest(context, versions, { image, slots });
      return { ...made, tearDown: () => made.tearDown().finally(detach) };
    } catch (error) {
      await detach();
      throw error;
    }
  },
};

interface Versions {
  readonly older: { readonly image: string; readonly bank: string };
  /** `payload`: the bank up to its last byte that is not zero. */
  readonly newer: { readonly image: string; readonly payload: string; readonly bundle: string };
}

/** Two builds of the default recipe, and the banks that both sides start from and end with. */
async function twoVersions({ program, root, folder }: BenchContext): Promise<Versions> {
  const twinbank = (...args: string[]) => runProgram(process.execPath, [program, ...args], root);
  const images: string[] = [];
  for (const version of ['0.1.0', '0.2.0']) {
    const out = join(folder, version);
    const set = ['--set', `version=${version}`, '--set', `title=bench ${version}`];
    await twinbank('build', 'recipes/default.yaml', ...set, '--out', out, '-q');
    images.push(join(out, `twinbank-${version}.img`));
  }
  const [older = '', newer = ''] = images;
  const bundle = join(folder, 'full.tbu');
  await twinbank('bundle', newer, '--out', bundle, '-q');
  const [bank, payload] = [join(folder, 'older.bank'), join(folder, 'newer.bank')];
  await writeFile(bank, readBank(older, target));
  await writeFile(payload, used(readBank(newer, target)));
  return { older: { image: older, bank }, newer: { image: newer, payload, bundle } };
}

interface Sides {
  readonly image: string;
  readonly slots: readonly [string, string];
  /** RAUC's slot is compared with its image, past the cache. */
  readonly compares?: boolean;
  /** Before each run, once the image is fresh; not measured. */
  prepare?(): Promise<void>;
  /** Without it, the command line as it is shipped. */
  update?(): Promise<void>;
  /** Process ids of what does it, where it is no child that ends with it. */
  daemons?(): readonly number[];
  end?(): Promise<void>;
}

async function contest(
  { program, root, folder }: BenchContext,
  { older, newer }: Versions,
  sides: Sides,
): Promise<Required<Contest>> {
  const { image, slots } = sides;
  const command = [program, 'update', image, newer.bundle, '-q'];
  const ours = sides.update ?? (() => runProgram(process.execPath, command, root));
  const raucFolder = join(folder, 'rauc');
  await mkdir(raucFolder);
  const fresh = async () => {
    await copy(older.image, image);
    for (const slot of slots) await copy(older.bank, slot);
    await runTool('sync', []);
  };
  await fresh();
  const rauc = await startRauc(raucFolder, { payload: newer.payload, slots });
  const { size } = await stat(newer.payload);
  const compareSlot = () => runTool('cmp', [`--bytes=${size}`, newer.payload, slots[1]]);
  const theirs = async () => {
    await rauc.install();
    if (!sides.compares) return;
    await runTool('dd', [`if=${slots[1]}`, 'iflag=nocache', 'count=0', 'status=none']);
    await compareSlot();
  };
  const reset = async () => {
    await rauc.reset();
    await fresh();
    await sides.prepare?.();
  };
  return {
    reset,
    ours,
    theirs,
    daemons: () => [rauc.pid, ...(sides.daemons?.() ?? [])],
    compare: async () => {
      await reset();
      await ours();
      await rauc.install();
      const [found, expected] = [contents(image), contents(newer.image)];
      if (found !== expected) throw new Error(`expected\n${expected}\nfound\n${found}`);
      await compareSlot();
    },
    tearDown: async () => {
      await rauc.stop();
      await sides.end?.();
    },
  };
}

/** A copy with the holes of the original, or onto a device, where they are zeros. */
async function copy(from: string, to: string): Promise<void> {
  const holes = to.startsWith('/dev/') ? [] : ['conv=sparse'];
  await runTool('dd', [`if=${from}`, `of=${to}`, 'bs=1M', ...holes, 'status=none']);
}

/** Files of the bank with their hashes; boot.cfg and the state slots are the host's own. */
function contents(image: string): string {
  const volume = openFat(memoryDevice(readBank(image, target)));
  return volume
    .walk()
    .filter(({ path }) => !/boot\.cfg$|\.slt$/i.test(path))
    .map(({ path }) => `${path.toLowerCase()} ${sha256(volume.read(path))}`)
    .sort()
    .join('\n');
}

/** Without the zeros at the end, so that RAUC has no more to write than we have; whole sectors. */
function used(bank: Uint8Array): Uint8Array {
  let end = bank.length;
  while (end > 512 && isZero(bank.subarray(end - 512, end))) end -= 512;
  return bank.subarray(0, end);
}

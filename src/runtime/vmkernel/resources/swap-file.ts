import { procField } from '../../system/proc-field.ts';
import type { RunHelper } from '../../system/run-helper.ts';

/**
 * The one file into which pages of worlds go that nobody uses, in a folder that is root's alone: the agent of machines may make, rename and
 * remove what it wants beside it, on a datastore.
 */
const folderName = '.swap';
const fileName = 'worlds.swap';
const mib = 2 ** 20;
/** Worlds have limits of some hundred MiB together, and of what is not used in them this is more than there is. */
const wantedBytes = 256 * mib;
const leastBytes = 16 * mib;

const touchTimeoutMs = 10_000;
/** The whole file is written, and all that lies in it is read again at its end. */
const fillTimeoutMs = 120_000;

/** Swap space as the kernel has it. */
export interface Swap {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly used: number;
}

export interface SwapFiles {
  readonly run: RunHelper;
  /** `/proc/swaps` */
  readSwaps(): string;
}

/** The rows of `/proc/swaps` (proc(5): sizes are in KiB). */
export function parseSwaps(text: string): Swap[] {
  return text.split('\n').flatMap((line) => {
    const [path, type, size, used] = line.trim().split(/\s+/);
    if (path === undefined || type !== 'file') return [];
    return [{ path: procField(path), size: Number(size) * 1024, used: Number(used) * 1024 }];
  });
}

/** Those of worlds: one, but while it is moved. */
export function worldSwaps(text: string): Swap[] {
  return parseSwaps(text).filter(({ path }) => path.endsWith(`/${fileName}`));
}

export function swapFileOf(volume: string): string {
  return `${volume}/${folderName}/${fileName}`;
}

/** Takes back what lies in files below a folder, which is about to be unmounted. Throws an Error, one sentence. */
export async function leaveSwap({ run, readSwaps }: SwapFiles, folder: string): Promise<void> {
  const inside = parseSwaps(readSwaps()).filter(({ path }) => path.startsWith(`${folder}/`));
  for (const { path } of inside) {
    const end = await run('swapoff', [path], { timeoutMs: fillTimeoutMs });
    if (end.code === 0) continue;
    throw new Error(`swapoff ${path}: exit code ${end.code}: ${end.error || end.output}`);
  }
}

/** Of the volume of a path of {@link worldSwaps}. Throws an Error, one sentence. */
export async function removeSwapFile(run: RunHelper, path: string): Promise<void> {
  await inOwnFolder(run, path.split('/').slice(0, -2).join('/'), ['rm', '-f', fileName]);
}

/**
 * Has worlds swap to a file on the volume that is mounted at `volume`, which is made if it is not there. Throws an Error, one sentence; a file
 * that was begun is then removed.
 */
export async function useSwapFile(
  { run }: SwapFiles,
  volume: string,
  room: { readonly capacity: number; readonly free: number },
): Promise<void> {
  const half = Math.floor(room.capacity / 2 / mib) * mib;
  const bytes = Math.min(wantedBytes, half);
  // What has the name already is looked at below, whatever it is.
  const script = 'umask 077 && exec mkdir "$1"';
  await run('sh', ['-c', script, 'swap', `${volume}/${folderName}`], { timeoutMs: touchTimeoutMs });
  const sizes = ['sh', '-c', `if [ -e ${fileName} ]; then exec stat -c %s ${fileName}; fi`];
  const found = Number(await inOwnFolder(run, volume, sizes));
  if (found !== bytes) await makeFile(run, volume, { bytes, free: room.free + found });
  // One that is swap space already is taken as it is.
  const isOn = await inOwnFolder(run, volume, ['swapon', fileName]).then(
    () => true,
    () => false,
  );
  if (isOn) return;
  await inOwnFolder(run, volume, ['mkswap', fileName]);
  await inOwnFolder(run, volume, ['swapon', fileName]);
}

async function makeFile(
  run: RunHelper,
  volume: string,
  { bytes, free }: { readonly bytes: number; readonly free: number },
): Promise<void> {
  const remove = ['rm', '-f', fileName];
  await inOwnFolder(run, volume, remove);
  if (bytes < leastBytes || free < bytes) {
    const wanted = Math.max(bytes, leastBytes) / mib;
    throw new Error(
      `${volume}: expected room of ${wanted} MiB, found ${Math.floor(free / mib)} MiB`,
    );
  }
  // Written whole: the kernel takes no file with holes (swapon(8)).
  const size = ['bs=1M', `count=${bytes / mib}`, 'conv=fsync'];
  try {
    const fill = ['dd', 'if=/dev/zero', `of=${fileName}`, ...size];
    await inOwnFolder(run, volume, fill, fillTimeoutMs);
  } catch (error) {
    await inOwnFolder(run, volume, remove).catch(() => {});
    throw error;
  }
}

/**
 * Goes into the folder first and looks where it is then: that stays, whoever puts something else to its name meanwhile. In there nobody but
 * root has made anything.
 */
const enter = `umask 077
cd "$1/${folderName}" && found=$(stat -c '%u %d %a' .) || exit 1
case $found in
  "$(id -u) $(stat -c %d "$1") "*700) ;;
  *) echo "$1/${folderName}: expected a folder of root's alone on this volume, found user, volume and mode $found" >&2; exit 1 ;;
esac
shift
exec "$@"`;

/** Runs a program in the folder of the swap file. Throws an Error, one sentence. */
async function inOwnFolder(
  run: RunHelper,
  volume: string,
  [program = '', ...args]: readonly string[],
  timeoutMs = touchTimeoutMs,
): Promise<string> {
  const words = ['-c', enter, 'swap', volume, program, ...args];
  const end = await run('sh', words, { timeoutMs });
  if (end.code === 0) return end.output.toString().trim();
  throw new Error(
    `${program} in ${volume}/${folderName}: exit code ${end.code}: ${end.error || end.output}`,
  );
}

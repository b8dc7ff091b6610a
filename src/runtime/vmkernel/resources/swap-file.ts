import type { RunHelper } from '../../system/run-helper.ts';

/** The one file into which pages of worlds go that nobody uses; root's alone. */
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

/** The rows of `/proc/swaps` (proc(5): blanks in names are octal; sizes are in KiB). */
export function parseSwaps(text: string): Swap[] {
  const plain = (field: string): string =>
    field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return text.split('\n').flatMap((line) => {
    const [path, type, size, used] = line.trim().split(/\s+/);
    if (path === undefined || type !== 'file') return [];
    return [{ path: plain(path), size: Number(size) * 1024, used: Number(used) * 1024 }];
  });
}

/** Those of worlds: one, but while it is moved. */
export function worldSwaps(text: string): Swap[] {
  return parseSwaps(text).filter(({ path }) => path.endsWith(`/${fileName}`));
}

export function swapFileOf(folder: string): string {
  return `${folder}/${fileName}`;
}

/** Takes back what lies in files below a folder, which is about to be unmounted. Throws an Error, one sentence. */
export async function leaveSwap({ run, readSwaps }: SwapFiles, folder: string): Promise<void> {
  const inside = parseSwaps(readSwaps()).filter(({ path }) => path.startsWith(`${folder}/`));
  for (const { path } of inside) await must(run, 'swapoff', [path], fillTimeoutMs);
}

export async function removeSwapFile(run: RunHelper, path: string): Promise<void> {
  await must(run, 'rm', ['-f', path]);
}

/**
 * Has worlds swap to a file in a folder, which is made if it is not there. Root opens it by name, so the folder has to be one in which nobody
 * else can put that name to something else. Throws an Error, one sentence; a file that was begun is then removed.
 */
export async function useSwapFile(
  { run }: SwapFiles,
  folder: string,
  room: { readonly capacity: number; readonly free: number },
): Promise<void> {
  const path = swapFileOf(folder);
  await assertOwn(run, folder);
  const half = Math.floor(room.capacity / 2 / mib) * mib;
  const bytes = Math.min(wantedBytes, half);
  const found = await sizeOf(run, path);
  if (found !== bytes) await makeFile(run, path, { bytes, free: room.free + (found ?? 0) });
  // One that is swap space already is taken as it is.
  const first = await run('swapon', [path], { timeoutMs: touchTimeoutMs });
  if (first.code === 0) return;
  await must(run, 'mkswap', [path]);
  await must(run, 'swapon', [path]);
}

async function makeFile(
  run: RunHelper,
  path: string,
  { bytes, free }: { readonly bytes: number; readonly free: number },
): Promise<void> {
  await removeSwapFile(run, path);
  if (bytes < leastBytes || free < bytes) {
    const wanted = Math.max(bytes, leastBytes) / mib;
    throw new Error(`${path}: expected room of ${wanted} MiB, found ${Math.floor(free / mib)} MiB`);
  }
  // Written whole: the kernel takes no file with holes (swapon(8)).
  const script = 'umask 077 && exec dd if=/dev/zero of="$1" bs=1M count="$2" conv=fsync';
  const args = ['-c', script, 'swap', path, String(bytes / mib)];
  try {
    await must(run, 'sh', args, fillTimeoutMs);
  } catch (error) {
    await removeSwapFile(run, path).catch(() => {});
    throw error;
  }
}

async function assertOwn(run: RunHelper, folder: string): Promise<void> {
  const text = await must(run, 'stat', ['-c', '%u %a', folder]);
  const [owner, mode = ''] = text.split(' ');
  if (owner === '0' && (parseInt(mode, 8) & 0o022) === 0) return;
  throw new Error(
    `${folder}: expected a folder of root's that nobody else may write, found user ${owner}, mode ${mode}`,
  );
}

/** Undefined where there is none. Throws an Error for what is no file of root's alone. */
async function sizeOf(run: RunHelper, path: string): Promise<number | undefined> {
  const end = await run('stat', ['-c', '%u %h %s %F', path], { timeoutMs: touchTimeoutMs });
  if (end.code === 1) return undefined;
  if (end.code !== 0) throw new Error(`stat ${path}: ${end.error}`);
  const [owner, links, size, ...type] = end.output.toString().trim().split(' ');
  if (owner === '0' && links === '1' && /^regular/.test(type.join(' '))) return Number(size);
  throw new Error(
    `${path}: expected a file of root's, found a ${type.join(' ')} of user ${owner} with ${links} names`,
  );
}

async function must(
  run: RunHelper,
  program: string,
  args: readonly string[],
  timeoutMs = touchTimeoutMs,
): Promise<string> {
  const end = await run(program, args, { timeoutMs });
  if (end.code === 0) return end.output.toString().trim();
  const path = args.find((arg) => arg.startsWith('/')) ?? '';
  throw new Error(`${program} ${path}: exit code ${end.code}: ${end.error || end.output}`);
}

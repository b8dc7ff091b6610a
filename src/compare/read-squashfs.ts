import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import { writingAt } from '../diagnostics/system-error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { openFileDevice } from '../disk/file-device.ts';
import { runTool } from '../host/run-tool.ts';
import { type ModuleFile, maxTextBytes, textOf } from './module-file.ts';
import { dataMark, type PseudoEntry, readPseudoFile } from './pseudo-file.ts';

export interface ReadOptions {
  /** A folder of the caller's, who removes it. */
  readonly scratch: string;
  /** Keep the content of short texts. */
  readonly texts: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Bytes; no module unpacks to more than 4 GiB, and no disk should have to hold it. */
  readonly maxUnpacked?: number;
}

const maxDefinitions = 2 ** 26;
const chunkBytes = 2 ** 20;

/**
 * Every file of a squashfs with its hash. It is unpacked into one file, as the definitions and contents that
 * `unsquashfs -pf` writes: so nothing needs root, and no path, link or device of it is made on the host. Throws
 * `host.tool-missing`, `host.tool-failed` (kind `io`) for what is no squashfs, `compare.unpacked` (kind
 * `corrupt`) for one that is too large, and as `readPseudoFile` does.
 */
export async function readSquashfs(
  squashfs: Uint8Array,
  { scratch, texts, signal, maxUnpacked = 2 ** 32 }: ReadOptions,
): Promise<ModuleFile[]> {
  const packed = join(scratch, 'layer.sqfs');
  const unpacked = join(scratch, 'layer.pseudo');
  const running = signal ? { signal } : {};
  try {
    await writingAt(scratch, async () => {
      await writeFile(packed, squashfs);
      await assertSize(packed, maxUnpacked, running);
      await runTool('unsquashfs', ['-n', '-q', '-pf', unpacked, packed], running);
    });
    const device = openFileDevice(unpacked);
    try {
      return await filesOf(device, texts, signal);
    } finally {
      device.close();
    }
  } finally {
    await Promise.all([packed, unpacked].map((path) => rm(path, { force: true })));
  }
}

/** By the listing, which costs nothing: a few bytes of a squashfs can stand for a full disk. */
async function assertSize(
  path: string,
  maxUnpacked: number,
  running: { signal?: AbortSignal },
): Promise<void> {
  const { stdout } = await runTool('unsquashfs', ['-lln', path], running);
  let total = 0;
  for (const [, size] of stdout.toString('latin1').matchAll(/^-\S+ +\d+\/\d+ +(\d+) /gm)) {
    total += Number(size);
  }
  if (total <= maxUnpacked) return;
  const message = `squashfs: expected at most ${maxUnpacked} bytes in its files, found ${total}`;
  throw new TwinbankError('corrupt', 'compare.unpacked', message);
}

async function filesOf(
  device: BlockDevice,
  texts: boolean,
  signal: AbortSignal | undefined,
): Promise<ModuleFile[]> {
  const { definitions, dataAt } = readDefinitions(device);
  const entries = readPseudoFile(definitions);
  const contents = new Map<string, Pick<ModuleFile, 'bytes' | 'sha256' | 'text'>>();
  for (const { path, type, bytes, offset } of entries) {
    if (type !== 'R') continue;
    contents.set(path, measure(device, dataAt + offset, bytes, texts));
    // Reading is synchronous; only here a signal can be heard.
    signal?.throwIfAborted();
    await setImmediate();
  }
  const byPath = new Map(entries.map((one) => [one.path, one]));
  return entries.map((entry) => {
    // Another name of a file has its content, mode and owner.
    const link = entry.type === 'L' ? byPath.get(entry.rest) : undefined;
    return fileOf(entry.path, link ?? entry, contents.get(link?.path ?? entry.path));
  });
}

function fileOf(
  path: string,
  { type, mode, owner, rest }: PseudoEntry,
  content: Pick<ModuleFile, 'bytes' | 'sha256' | 'text'> = { bytes: 0, sha256: '' },
): ModuleFile {
  const facts = { path, mode, owner, ...content };
  if (type === 'R') return { ...facts, type: 'file', target: '' };
  if (type === 'D') return { ...facts, type: 'directory', target: '' };
  if (type === 'S') return { ...facts, type: 'symlink', target: rest };
  return { ...facts, type: 'other', target: `${type} ${rest}` };
}

function readDefinitions(device: BlockDevice): { definitions: string; dataAt: number } {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < Math.min(device.size, maxDefinitions)) {
    const length = Math.min(chunkBytes, device.size - head.length);
    head = Buffer.concat([head, device.read(head.length, length)]);
    const mark = head.indexOf(dataMark);
    if (mark >= 0) {
      const definitions = head.subarray(0, mark).toString('utf8');
      return { definitions, dataAt: mark + dataMark.length };
    }
  }
  // A tree without files has no contents, and no mark.
  if (head.length === device.size) return { definitions: head.toString('utf8'), dataAt: 0 };
  const message = `unsquashfs -pf: expected definitions of at most ${maxDefinitions} bytes, found more`;
  throw new TwinbankError('corrupt', 'compare.pseudo-file', message);
}

function measure(device: BlockDevice, offset: number, bytes: number, texts: boolean) {
  const hash = createHash('sha256');
  for (let done = 0; done < bytes; done += chunkBytes) {
    hash.update(device.read(offset + done, Math.min(chunkBytes, bytes - done)));
  }
  const short = texts && bytes <= maxTextBytes;
  const text = short ? textOf(device.read(offset, bytes)) : undefined;
  return { bytes, sha256: hash.digest('hex'), ...(text !== undefined && { text }) };
}

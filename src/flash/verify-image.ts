import { readFileSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { assertTwinbankDisk, inspectImage } from '../bootloader/inspect-image.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { inFile } from '../diagnostics/in-file.ts';
import type { Report } from '../diagnostics/progress.ts';
import { type Bmap, bmapVerifier, decodeBmap } from '../disk/bmap.ts';
import { type Extent, extentBytes, normalizeExtents } from '../disk/extents.ts';
import type { Finding } from '../disk/finding.ts';
import { documentPaths } from '../disk/image-documents.ts';
import { nonZeroExtents } from '../disk/sparse.ts';
import { notCovered, verifyDiskLoader } from '../update/verify-loader.ts';
import { eachChunk } from './each-chunk.ts';
import type { FlashSource } from './open-source.ts';

export interface VerifiedImage {
  /** Where its data are; it is zero elsewhere. */
  readonly extents: readonly Extent[];
  /** What it was held against: the block map beside it, or what is in it. */
  readonly checkedBy: 'bmap' | 'contents';
  /** What is verified while the image is copied. */
  readonly rest?: Rest;
}

/** Nothing that is copied may get its name before all of it has been verified. */
interface Rest {
  /** All of the image's data, to be copied in this order. */
  readonly ranges: readonly Extent[];
  /** Hears of all of them in order, in parts that do not reach over the end of a range. */
  look(part: Extent, bytes: Uint8Array): void;
  /** To be called when it has heard of all. */
  end(): void;
}

interface Work {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** Leave as {@link Rest} what can be verified while it is copied: to a place that nobody looks at before it is whole. */
  readonly whileCopied?: boolean;
}

/** Looked at in one go before a signal can be heard. */
const scanBytes = 64 * 2 ** 20;

/**
 * Makes sure that an image is worth flashing, before a byte of it is: by the hashes of the block map beside
 * it, else by everything that `inspectImage` checks. Throws (kind `corrupt`) what that throws,
 * `bmap.data`, `flash.bmap-size`, and for an image with damage `flash.damaged` or `flash.no-bank`; with `whileCopied` perhaps
 * only while it is copied.
 */
export async function verifyImage(image: FlashSource, work: Work): Promise<VerifiedImage> {
  const path = image.name;
  const bmap = readBmapBeside(path, image.device.size);
  if (!bmap) {
    await assertSound(path, image, work);
    return { extents: await scan(image, work), checkedBy: 'contents' };
  }
  named(path, () => assertTwinbankDisk(image.device));
  const { ranges } = bmap.map;
  const verify = bmapVerifier(bmap.map);
  const rest: Rest = {
    ranges,
    look: (part, bytes) => named(path, () => verify(part, bytes), bmapHint(bmap.path)),
    end() {
      // Whoever changes an image can write a block map, which nobody signs.
      const findings = verifyLoaderOf(image);
      assertNoDamage(path, findings);
      for (const { message } of findings) work.report({ type: 'warning', text: message });
    },
  };
  const all = !image.spooled && covers(path, bmap);
  if (all && work.whileCopied) {
    return { extents: normalizeExtents(ranges), checkedBy: 'bmap', rest };
  }
  await eachChunk([image.device], ranges, { task: 'verify', ...work }, ({ bytes, ...part }) => {
    for (const found of bytes) rest.look(part, found);
    return undefined;
  });
  rest.end();
  const more = all ? [] : await scan(image, work);
  return { extents: normalizeExtents([...ranges, ...more]), checkedBy: 'bmap' };
}

interface FoundBmap {
  readonly path: string;
  readonly map: Bmap;
}

/** `NAME.bmap` as the builder names it, or `NAME.img.bmap` as others do, also of `NAME.img.xz`. */
function readBmapBeside(path: string, size: number): FoundBmap | undefined {
  const unpacked = path.replace(/\.(gz|xz|zst|Z|z|lz|lzma|lz4)$/, '');
  const names = [...documentPaths(unpacked, 'bmap'), `${path}.bmap`];
  for (const candidate of names) {
    if (candidate === path || !statSync(candidate, { throwIfNoEntry: false })?.isFile()) continue;
    const map = named(candidate, () => decodeBmap(readFileSync(candidate, 'utf8')));
    if (map.imageSize === size) return { path: candidate, map };
    throw new TwinbankError(
      'corrupt',
      'flash.bmap-size',
      `${path}: expected ${map.imageSize} bytes, as ${candidate} says, found ${size}`,
    );
  }
  return undefined;
}

function bmapHint(path: string): string {
  return ` (if it was changed on purpose, remove ${path})`;
}

/**
 * Whether nothing can have been written outside the map since it was made: the image is older, or takes
 * no more room than the map has data.
 */
function covers(path: string, bmap: FoundBmap): boolean {
  const image = statSync(path);
  const mapped = extentBytes(bmap.map.ranges);
  return image.mtimeMs <= statSync(bmap.path).mtimeMs || image.blocks * 512 <= mapped;
}

async function assertSound(path: string, image: FlashSource, work: Work): Promise<void> {
  const { report, signal } = work;
  const options = { report, ...(signal ? { signal } : {}) };
  const found = await inspectImage(image.device, options).catch((error: unknown) => {
    throw inFile(path, error);
  });
  report({ type: 'done', task: 'check hashes' });
  const findings = [...found.findings, ...verifyLoaderOf(image, found.next)];
  assertNoDamage(path, findings);
  if (found.next === null) {
    const message = `${path}: expected an image with a bank that boots, found ${found.why}`;
    throw new TwinbankError('corrupt', 'flash.no-bank', message);
  }
  for (const { message } of findings) report({ type: 'warning', text: message });
}

/** What is wrong with the loader, and that nothing says whether it is. */
function verifyLoaderOf({ device }: FlashSource, current?: number | null): readonly Finding[] {
  const loader = verifyDiskLoader(device, { current });
  return [
    ...loader.findings,
    ...notCovered(loader).map((what): Finding => {
      const message = `${what}: not covered: no manifest of the image has its hashes`;
      return { severity: 'warning', code: 'flash.not-covered', message };
    }),
  ];
}

function assertNoDamage(path: string, findings: readonly Finding[]): void {
  const error = findings.find(({ severity }) => severity === 'error');
  if (!error) return;
  const message = `${path}: expected an image without damage, found: ${error.message}`;
  throw new TwinbankError('corrupt', 'flash.damaged', message, { data: { code: error.code } });
}

/** Where the disk is not zero; of a qcow2 file only what it stores is looked at. */
async function scan(
  { device, dataExtents }: FlashSource,
  { report, signal }: Work,
): Promise<Extent[]> {
  const stored = dataExtents?.() ?? [{ offset: 0, length: device.size }];
  const total = extentBytes(stored);
  const found: Extent[] = [];
  let done = 0;
  for (const { offset, length } of stored) {
    for (let at = 0; at < length; at += scanBytes) {
      signal?.throwIfAborted();
      const part = { offset: offset + at, length: Math.min(scanBytes, length - at) };
      found.push(...nonZeroExtents(device, { extents: [part] }));
      done += part.length;
      report({ type: 'progress', task: 'look for data', done, total, unit: 'bytes' });
      await setImmediate();
    }
  }
  report({ type: 'done', task: 'look for data' });
  return normalizeExtents(found);
}

function named<T>(path: string, call: () => T, hint = ''): T {
  try {
    return call();
  } catch (error) {
    throw inFile(path, error, hint);
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { createBmap, encodeBmap } from '../disk/bmap.ts';
import type { Extent } from '../disk/extents.ts';
import { documentEndings, documentPaths, withdrawDocuments } from '../disk/image-documents.ts';
import { outputPlace } from '../disk/output-place.ts';
import { temporaryName } from '../disk/temporary-image.ts';
import { type Replaced, withReplaceClaims } from '../host/disk-claim.ts';
import type { KeptManifest } from '../update/manifest/plan-bank.ts';
import type { Resolved } from './components/component.ts';
import { sha256 } from './components/digest.ts';
import { formatLock } from './components/lock.ts';
import { endingOf, type ImageFormat, imageFormats, packedFormats } from './image-formats.ts';
import type { BuiltModule } from './modules/module.ts';
import type { AboutAppliance } from './ova/ova.ts';

interface FinishedImage {
  /** The raw image under its temporary name. */
  readonly path: string;
  readonly device: BlockDevice;
  /** What was written of it; everything else is zero. */
  readonly extents: readonly Extent[];
  /** Where what it has twice begins, for its block map. */
  readonly cuts?: readonly number[];
}

export interface Outputs {
  readonly out: string;
  /** `NAME-VERSION` */
  readonly name: string;
  /** What the results are called, without their endings. */
  readonly fileName: string;
  readonly formats: readonly ImageFormat[];
  /** For an appliance's descriptor. */
  readonly about: Omit<AboutAppliance, 'name'>;
  readonly modules: readonly BuiltModule[];
  /** Of the bank, the base's first. */
  readonly manifests: readonly KeptManifest[];
  readonly used: readonly Resolved[];
  /** Other results by their endings, once the image and its block map are whole. */
  readonly documents?: (bmap: string) => Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenFiles {
  readonly files: string[];
  /** Those that have taken the place of another file. */
  readonly replaced: string[];
  /** Documents of the images before that these have taken the place of, under other names. */
  readonly withdrawn: string[];
}

/**
 * Where a result stands in the end: of a link, at what it leads to. Throws `output.special` (kind `refused`) where
 * that is no plain file, `output.folder` (kind `io`) for a folder, and what {@link outputPlace} throws.
 */
export function resultPath({ out, fileName }: ResultNames, ending: string): string {
  const path = join(out, `${fileName}.${ending}`);
  const place = outputPlace(path);
  if (place.kind === 'file') return place.path;
  if (place.kind === 'folder') {
    const message = `${path}: expected a plain file or none, found a folder`;
    throw new TwinbankError('io', 'output.folder', message, { data: { path } });
  }
  const message = `${path}: expected a plain file or none, found a ${place.kind.replace('-', ' ')}`;
  throw new TwinbankError('refused', 'output.special', message, { data: { path } });
}

/** A result while it grows: the person knows it by its name alone. */
interface StagedFile {
  readonly partial: string;
  readonly path: string;
  readonly name: string;
  readonly ending: string;
}

async function writing(file: StagedFile, write: (file: StagedFile) => unknown): Promise<void> {
  try {
    await write(file);
  } catch (error) {
    throw refusedAt(file.name, 'write', error) ?? error;
  }
}

type ResultNames = Pick<Outputs, 'out' | 'fileName'>;

/**
 * Writes the results of a build: the image in each format, and beside it the block map, the list of
 * modules and the lock of what was used. They get their names together, once all of them are whole, so
 * that an image never lies beside another one's block map. Returns their paths, the image in the first
 * format first, and of these the ones that were there before. Throws `output.other-build` (kind `refused`) where they would be said of
 * an older image of another format, and what `withReplaceClaims` throws where somebody has an image open.
 */
export async function writeOutputs(image: FinishedImage, outputs: Outputs): Promise<WrittenFiles> {
  const staged: StagedFile[] = [];
  const stage = (ending: string): StagedFile => {
    const path = resultPath(outputs, ending);
    const name = join(outputs.out, `${outputs.fileName}.${ending}`);
    const file = { partial: temporaryName(dirname(path)), path, name, ending };
    staged.push(file);
    return file;
  };
  try {
    for (const format of outputs.formats) {
      const packed = packedFormats.find(({ name }) => name === format);
      // The temporary file is the image itself.
      if (!packed) await writing(stage('img'), ({ partial }) => rename(image.path, partial));
      else
        await writing(stage(packed.ending), ({ partial }) => packed.write(partial, image, outputs));
    }
    const bmap = encodeBmap(createBmap(image.device, image.extents, image.cuts));
    const texts = {
      bmap,
      'manifest.json': imageManifest(outputs),
      'lock.yaml': formatLock(outputs.used),
      ...outputs.documents?.(bmap),
    };
    for (const [ending, text] of Object.entries(texts))
      await writing(stage(ending), ({ partial }) => writeFile(partial, text));
    outputs.signal?.throwIfAborted();
    assertNoOtherBuild(outputs, bmap);
    return await withReplaceClaims(resultImages(outputs), () => replaceFiles(staged, outputs), {
      signal: outputs.signal,
    });
  } catch (error) {
    for (const { partial } of staged) await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Refuses, as {@link writeOutputs} does, images that somebody has open, and what no result can take the place of: said before
 * anything is built.
 */
export async function assertReplaceable(outputs: ResultImages): Promise<void> {
  for (const ending of [...documentEndings, 'lock.yaml']) resultPath(outputs, ending);
  await withReplaceClaims(resultImages(outputs), async () => {}, { signal: outputs.signal });
}

type ResultImages = Pick<Outputs, 'out' | 'fileName' | 'formats' | 'signal'>;

function resultImages(outputs: ResultImages): Replaced[] {
  return outputs.formats.map((format) => {
    const ending = endingOf(format);
    const name = join(outputs.out, `${outputs.fileName}.${ending}`);
    return { path: resultPath(outputs, ending), name };
  });
}

/** Gives all files their names; what was said of the images before is gone before there are others. */
async function replaceFiles(
  staged: readonly StagedFile[],
  { formats }: Outputs,
): Promise<WrittenFiles> {
  const endings = formats.map(endingOf);
  const replaced = staged.filter(({ path }) => existsSync(path)).map(({ name }) => name);
  for (const { path, ending } of staged) {
    if (documentEndings.includes(ending)) await rm(path, { force: true });
  }
  const images = staged.filter(({ ending }) => endings.includes(ending));
  const withdrawn = images.flatMap(({ name }) => withdrawDocuments(name, { change: 'system' }));
  for (const one of staged) await writing(one, ({ partial, path }) => rename(partial, path));
  return { files: staged.map(({ name }) => name), replaced, withdrawn };
}

/**
 * The documents are called by the stem that images of all formats share. An older image that this build does not replace, and
 * that they would be taken for, must be of the same content: its own block map says so.
 */
function assertNoOtherBuild({ out, fileName, formats }: Outputs, bmap: string): void {
  const bmapPath = join(out, `${fileName}.bmap`);
  const isSame = existsSync(bmapPath) && readFileSync(bmapPath, 'utf8') === bmap;
  if (isSame || formats.includes('raw')) return;
  const others = imageFormats.filter((format) => !formats.includes(format));
  const older = others
    .map((format) => join(out, `${fileName}.${endingOf(format)}`))
    .find((path) => existsSync(path) && documentPaths(path, 'bmap').includes(bmapPath));
  if (older === undefined) return;
  const message = `${older}: expected no image of another build, which the new documents would be taken for, found one; remove it, make it anew with --format ${['raw', ...formats].join(',')}, or name another folder with --out`;
  throw new TwinbankError('refused', 'output.other-build', message, { data: { path: older } });
}

/** What the image holds, for people and for `bundle --from`. */
function imageManifest({ modules, manifests, name }: Outputs): string {
  const [base] = manifests;
  const manifest = {
    schemaVersion: 1,
    image: name,
    product: base?.manifest.product,
    version: base?.manifest.version,
    build: base?.manifest.build,
    manifest: base && sha256(base.bytes),
    packages: base?.manifest.base?.packages,
    modules: modules.map(({ name, fileName, version, vendor, kind, bytes, sha256, paths }) => {
      return { name, file: fileName, version, vendor, kind, bytes, sha256, paths };
    }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

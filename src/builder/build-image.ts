import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { hashLoader } from '../bootloader/loader-parts.ts';
import type { Report } from '../diagnostics/progress.ts';
import { humanSize } from '../diagnostics/size.ts';
import { extentBytes, recordingDevice } from '../disk/extents.ts';
import { openFileDevice } from '../disk/file-device.ts';
import { sweepTemporaryImages, temporaryImage } from '../disk/temporary-image.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { KeptManifest } from '../update/manifest/plan-bank.ts';
import { developmentKey, type SigningKey } from '../update/signing/key.ts';
import { bankContents, firstBootCfg } from './bank.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { composeImage, type ImageParts } from './compose.ts';
import { assertFits, assertStoreFits, computeFit, type Fit } from './fit.ts';
import { type ImageBase, imageBase } from './image-base.ts';
import { copiesOf, type ImageFormat } from './image-formats.ts';
import { attestations } from './inventory/attestations.ts';
import { systemOf } from './inventory/built-system.ts';
import { cachedSbom } from './inventory/documents.ts';
import type { BuildRequest } from './inventory/provenance.ts';
import { keepingWrites } from './kept-writes.ts';
import { planLayout } from './layout.ts';
import { loadLoader } from './loader-cache.ts';
import { makeManifests, trustedKeys } from './manifests.ts';
import { buildModules, planOems } from './modules/build-modules.ts';
import type { BuiltModule } from './modules/module.ts';
import { firmwareWarnings } from './oem/oem-firmware.ts';
import { assertReplaceable, type Outputs, resultPath, writeOutputs } from './outputs.ts';
import { assertApplianceDrivers } from './ova/ova.ts';
import { signLoader } from './sign-loader.ts';
import type { StoreContents } from './store.ts';

interface PrepareOptions {
  readonly recipe: ResolvedRecipe;
  readonly components: ComponentContext;
  /** What GUIDs and serials are derived from, instead of the recipe's name, version and build. */
  readonly identity?: string;
  /** Signs the manifests; default the development key. */
  readonly key?: SigningKey;
  /** Shared with other images of the same recipe; default one of its own. */
  readonly base?: ImageBase;
}

export interface BuildOptions extends PrepareOptions {
  readonly report: Report;
  /** Folder that the results go to. */
  readonly out: string;
  /** Names of the results without their endings; default the image's, `NAME-VERSION`. */
  readonly fileName?: string;
  readonly formats: readonly ImageFormat[];
  /** What the build was asked for, for its provenance. */
  readonly request: BuildRequest;
}

export interface BuildResult {
  /** Final paths, the image in the first format first. */
  readonly files: readonly string[];
  /** Those of them that have taken the place of another file. */
  readonly replaced: readonly string[];
  readonly build: string;
  /** Size of the raw image, and how much of it is data. */
  readonly bytes: number;
  readonly dataBytes: number;
  readonly modules: readonly BuiltModule[];
  readonly fit: Fit;
}

/** All that composing an image takes, planned, built and checked: from here on nothing can be missing. */
export interface PreparedImage {
  readonly parts: ImageParts;
  readonly modules: readonly BuiltModule[];
  readonly fit: Fit;
  /** Of the bank, signed. */
  readonly manifests: readonly KeptManifest[];
  readonly stored: StoreContents['described'];
  /** The packages of the store. */
  readonly packages: StoreContents['packages'];
  /** The components of all of it, for the lock. */
  readonly used: readonly Resolved[];
}

/**
 * Builds the image of a recipe. Everything is planned and checked before the first byte of it is written,
 * and a result gets its name only when it is whole.
 */
export async function buildImage(options: BuildOptions): Promise<BuildResult> {
  const { recipe, components, report, out, formats } = options;
  const { signal } = components;
  const step = stepper(report, 5);
  const { fileName = imageName(recipe) } = options;
  // What is no file cannot become one; said before anything is built.
  const folder = dirname(resultPath({ out, fileName }, 'img'));
  await assertReplaceable({ out, fileName, formats, signal });
  const prepared = await prepareImage(options, step);
  const { parts, modules, manifests, fit, used } = prepared;
  if (formats.includes('ova')) assertApplianceDrivers(modules);
  const name = imageName(recipe);
  const system = systemOf(prepared);
  const sbom = await cachedSbom(system, components);
  const documents = (bmap: string) => attestations({ sbom, bmap, name, prepared, system, options });
  const outputs: Outputs = {
    out,
    name,
    fileName,
    formats,
    about: aboutOf(recipe, parts.bank.bootCfg.build),
    modules,
    manifests,
    used,
    documents,
    signal,
  };
  signal?.throwIfAborted();
  await sweepTemporaryImages(out);
  const needed = bytesToWrite(parts) * copiesOf(formats);
  return temporaryImage(folder, needed, async (path) => {
    const file = openFileDevice(path, { create: true, size: parts.layout.size });
    try {
      step('Compose the image');
      const kept = keepingWrites(file);
      const device = recordingDevice(kept);
      composeImage(device, parts);
      // Composing hears no signal; one that came meanwhile is heard here.
      await setImmediate();
      signal?.throwIfAborted();

      step('Write the results');
      const extents = device.written();
      const cuts = parts.layout.partitions.flatMap(({ role, start, size }) =>
        role === 'bank' ? (kept.firstKept(start, start + size) ?? []) : [],
      );
      const written = await writeOutputs({ path, device, extents, cuts }, outputs);
      for (const one of written.withdrawn) {
        const text = `${one}: removed, as the image that it was of is replaced`;
        report({ type: 'note', text });
      }
      const [bytes, dataBytes] = [parts.layout.size, extentBytes(extents)];
      report({ type: 'note', text: `${humanSize(bytes)}, ${humanSize(dataBytes)} of it data` });
      return { ...written, build: parts.bank.bootCfg.build, bytes, dataBytes, modules, fit };
    } finally {
      file.close();
    }
  });
}

/** The first three steps of a build: everything but the image. Throws kind `recipe` for what does not fit. */
export async function prepareImage(
  options: PrepareOptions,
  step: (title: string) => void,
): Promise<PreparedImage> {
  const { recipe, components, identity = identityOf(recipe), key = developmentKey } = options;
  const { base = imageBase(recipe, components) } = options;
  step('Plan the layout and the modules');
  const layout = planLayout(recipe, identity);
  const { plans, context } = await base.plan();
  const oems = await planOems(recipe, context);

  step('Build the modules');
  const modules = [...(await base.modules()), ...(await buildModules(oems, components))];
  for (const text of await firmwareWarnings([...plans, ...oems], modules)) {
    components.report({ type: 'warning', text });
  }

  step('Fit the bank, the store and the loader');
  const store = await base.store();
  const trust = trustedKeys(recipe);
  const unsigned = await loadLoader(recipe, layout, components);
  const manifests = makeManifests({
    recipe,
    modules,
    packages: store.packages,
    key,
    trust,
    loader: hashLoader(unsigned),
  });
  const loader = signLoader(unsigned, recipe, key);
  const bank = bankContents(manifests, modules);
  const bootCfg = firstBootCfg(bank, 1, false);
  const fit = computeFit(recipe.bank.size, recipe.bank.reserve, [bootCfg, ...bank.files]);
  assertFits(
    fit,
    oems.map(({ fileName }) => fileName),
  );
  assertStoreFits(computeFit(recipe.store.size, 0, store.files));
  // What cannot be built has a sentence of its own, which these would only hide.
  await base.warn();
  const { pmbrActive } = recipe.disk;
  const { banks } = recipe;
  return {
    parts: { identity, layout, pmbrActive, loader, bank, banks, store: store.files },
    modules,
    manifests,
    packages: store.packages,
    stored: store.described,
    fit,
    used: [...[...plans, ...oems].flatMap((plan) => plan.components), ...store.components],
  };
}

/** What an image is called: `NAME-VERSION`. */
export function imageName({ name, version }: ResolvedRecipe): string {
  return `${name}-${version}`;
}

function aboutOf({ title, description, product }: ResolvedRecipe, build: string) {
  const shown = title ?? product;
  return { title: shown, description: description ?? shown, product, build };
}

function identityOf({ product, name, version, build }: ResolvedRecipe): string {
  return `twinbank image ${product} ${name} ${version}-${build}`;
}

function bytesToWrite({ bank, banks, store, loader }: ImageParts): number {
  const sum = (files: readonly { bytes: number }[]): number =>
    files.reduce((total, { bytes }) => total + bytes, 0);
  const bankBytes = sum(bank.files) * (banks === 'both' ? 2 : 1);
  return bankBytes + sum(store) + loader.coreImage.length + loader.bootx64.length;
}

function stepper(report: Report, of: number): (title: string) => void {
  let step = 0;
  return (title) => report({ type: 'step', step: ++step, of, title });
}

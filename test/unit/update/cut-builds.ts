import { sha256 } from '../../../src/bootloader/sum-file.ts';
import { packState } from '../../../src/state/archive.ts';
import { writeBundle } from '../../../src/update/bundle/bundle-writer.ts';
import { planBundle } from '../../../src/update/bundle/make-bundle.ts';
import { olderBuildOf } from '../../../src/update/bundle/older-build.ts';
import type { KeptManifest } from '../../../src/update/manifest/plan-bank.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { manifestModule, signed, signedBase } from '../bootloader/small-image.ts';
import { payload } from '../disk/fat/trees.ts';

type Files = Readonly<Record<string, Uint8Array>>;

/** A system as a bank has it, the base and the OEM acme. */
export interface Build {
  /** `VERSION-BUILD` */
  readonly name: string;
  /** The base's, then the OEM's. */
  readonly manifests: readonly KeptManifest[];
  /** Modules by their files, of every origin. */
  readonly files: Files;
  readonly packages: Files;
}

const kibibyte = 1024;
interface Oem {
  readonly oem: Files;
  readonly manifest: KeptManifest;
}

export function acmeOf(oem: Files): Oem {
  const manifest = signed({
    ...{ origin: 'acme', vendor: 'acme', product: 'twinbank', version: '4.0', build: '4.0' },
    kernelOptions: ['acme.mode=1'],
    modules: Object.entries(oem).map(([file, data]) => manifestModule(file, data, 'oem')),
  });
  return { oem, manifest };
}

const acme = acmeOf({ 'acmecim.v00': payload(150 * kibibyte + 7, 40) });

/** So long that boot.cfg goes on in its second sector, in the middle of what is loaded. */
const kernelOptions = ['quiet', `early.drivers=${'abcdefghi,'.repeat(34)}last`];

/** A build with these modules of the base, in the order in which they are loaded, and the OEM acme. */
export function makeBuild(
  name: string,
  files: Files,
  packages: Files,
  { oem, manifest }: Oem = acme,
): Build {
  const listed = Object.entries(packages).map(([file, data]) => {
    const [id = '', version = ''] = file.replace('.deb', '').split('_');
    const about = { id, type: 'guest-tools', version };
    return { name: file, bytes: data.length, sha256: sha256(data), ...about };
  });
  const [version = ''] = name.split('-');
  const more = { version, build: name, kernelOptions };
  const base = signedBase(files, more, { title: `twinbank ${name}`, packages: listed });
  return { name, manifests: [base, manifest], files: { ...files, ...oem }, packages };
}

const shared: Files = {
  'boot.v00': payload(90 * kibibyte + 1, 2),
  'engine.v00': payload(2048 * kibibyte + 513, 3),
};
const keptPackage: Files = { 'client_1.deb': payload(30 * kibibyte, 20) };

/**
 * `before` is in the other bank, with modules of the same names as `next`, other contents, and packages that
 * nobody kept. `current` runs, `next` is what the bundles bring: another kernel and other agents, a new module, packages
 * that are new, the same, and others of the same name; the engine, the largest, is in both.
 */
export const builds = {
  before: makeBuild(
    '1.0.0-100',
    {
      vmkernel: payload(280 * kibibyte, 11),
      'boot.v00': payload(80 * kibibyte, 12),
      'engine.v00': payload(900 * kibibyte, 13),
      'agents.v00': payload(100 * kibibyte, 14),
      'drivers.v00': payload(90 * kibibyte, 15),
    },
    {},
  ),
  current: makeBuild(
    '1.1.0-110',
    {
      vmkernel: payload(300 * kibibyte, 1),
      ...shared,
      'agents.v00': payload(200 * kibibyte + 9, 4),
    },
    { 'tool_1.deb': payload(40 * kibibyte, 21), ...keptPackage },
  ),
  next: makeBuild(
    '1.2.0-120',
    {
      vmkernel: payload(310 * kibibyte + 100, 31),
      ...shared,
      'agents.v00': payload(230 * kibibyte + 77, 34),
      'drivers.v00': payload(60 * kibibyte + 3, 35),
    },
    {
      'tool_1.deb': payload(41 * kibibyte, 51),
      ...keptPackage,
      'guest_2.deb': payload(25 * kibibyte + 1, 52),
    },
  ),
} as const;

/** A bundle of a build, or of what an older one lacks. */
export async function bundleOf(build: Build, older?: Build): Promise<Buffer> {
  const { manifests, files, packages } = build;
  const parts = {
    manifests,
    moduleContent: ({ file }: { file: string }) => oneOf(files, file),
    packageContent: ({ name }: { name: string }) => oneOf(packages, name),
  };
  const from = older && olderBuildOf(older.manifests);
  const written: Buffer[] = [];
  const plan = planBundle(parts, developmentKey, from);
  await writeBundle((bytes) => void written.push(Buffer.from(bytes)), plan);
  return Buffer.concat(written);
}

function oneOf(files: Files, name: string) {
  return () => [files[name]!];
}

/** What was saved in a bank. */
export function stateOf(bank: number): Uint8Array {
  return packState([{ path: 'etc/hostname', bytes: Buffer.from(`host-of-bank-${bank}\n`) }]);
}

import { readFileSync, statSync } from 'node:fs';
import type { ManifestModule } from '../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import { exactSize } from '../../diagnostics/size.ts';
import { paddingOf } from '../../update/bundle/bundle-content.ts';
import {
  assertHeader,
  decodeHeader,
  encodeHeader,
  headerBytes,
  type UstarHeader,
} from '../../update/bundle/ustar.ts';
import type { KeptManifest } from '../../update/manifest/plan-bank.ts';
import { signatureKeyIds } from '../../update/signing/signature.ts';
import { readManifest } from '../../update/signing/signed-manifest.ts';
import { sha256 } from '../components/digest.ts';

/** A packed OEM, read: whether a trusted key has signed its manifest is another question. */
interface OemFile extends KeptManifest {
  /** The one that its manifest lists. */
  readonly module: ManifestModule;
  /** The module's bytes, which are what the manifest says. */
  readonly data: Uint8Array;
}

const limits = { file: 512 * 2 ** 20, manifest: 2 ** 20, signature: 2 ** 16 };
const endBytes = 1024;

/**
 * The bytes of a `.oem`: a tar as a bundle is one (docs/oem.md), with NAME.json, NAME.sig and modules/NAME.v00.
 * The same parts make the same bytes.
 */
export function encodeOemFile(kept: KeptManifest, data: Uint8Array): Uint8Array {
  const { origin } = kept.manifest;
  const parts: [string, Uint8Array][] = [
    [`${origin}.json`, kept.bytes],
    [`${origin}.sig`, kept.signature],
    [`modules/${origin}.v00`, data],
  ];
  return Buffer.concat([
    ...parts.flatMap(([path, content]) => [
      encodeHeader({ path, bytes: content.length }),
      content,
      new Uint8Array(paddingOf(content.length)),
    ]),
    new Uint8Array(endBytes),
  ]);
}

/**
 * Reads a `.oem` and holds its module against its manifest. Throws kind `corrupt`, beginning with the path:
 * `oem.form`, `oem.hash`, `bundle.header`, and as `readManifest` and `signatureKeyIds` do.
 */
export function readOemFile(path: string): OemFile {
  const status = statSync(path);
  // A pipe may never end.
  if (!status.isFile()) throw wrong('form', path, 'a packed OEM', 'something that is no file');
  const { size } = status;
  if (size > limits.file) {
    throw wrong('form', path, `at most ${exactSize(limits.file)}`, exactSize(size));
  }
  return decodeOemFile(readFileSync(path), path);
}

/** The same of its bytes; `name` is how messages call it. */
export function decodeOemFile(file: Uint8Array, name: string): OemFile {
  const next = tarReader(file, name);
  const manifestFile = next();
  const bytes = manifestFile.content;
  const what = `${name}: ${manifestFile.path}`;
  if (bytes.length > limits.manifest) {
    throw wrong('form', what, `at most ${limits.manifest} bytes`, `${bytes.length}`);
  }
  const manifest = readManifest(bytes, what);
  const { origin, modules } = manifest;
  if (manifestFile.path !== `${origin}.json` || manifest.base) {
    const expected = 'the manifest of an OEM, NAME.json';
    throw wrong('form', name, expected, `${manifestFile.path} of ${origin}`);
  }
  const signature = next(`${origin}.sig`).content;
  if (signature.length > limits.signature) {
    throw wrong('form', `${name}: ${origin}.sig`, `at most ${limits.signature} bytes`, 'more');
  }
  signatureKeyIds(signature, what);
  const [module, ...others] = modules;
  if (!module || others.length > 0 || module.name !== origin || module.file !== `${origin}.v00`) {
    const listed = modules.map((one) => `${one.name} (${one.file})`).join(', ') || 'none';
    throw wrong('form', what, `just the module ${origin} (${origin}.v00)`, listed);
  }
  if (manifest.kernelOptions.length > 0) throw wrong('form', what, 'no kernelOptions', 'some');
  const data = next(`modules/${module.file}`).content;
  const digest = sha256(data);
  if (data.length !== module.bytes || digest !== module.sha256) {
    const expected = `${module.bytes} bytes with SHA-256 ${module.sha256}, as ${origin}.json says`;
    const found = `${data.length} bytes with ${digest}`;
    throw wrong('hash', `${name}: modules/${module.file}`, expected, found);
  }
  next(null);
  return { manifest, bytes, signature, module, data };
}

interface TarPart {
  readonly path: string;
  readonly content: Uint8Array;
}

/** Gives the files one after another; with null the end is checked. No bit of it is without meaning. */
function tarReader(file: Uint8Array, name: string): (path?: string | null) => TarPart {
  let at = 0;
  const take = (bytes: number, what: string): Uint8Array => {
    const part = file.subarray(at, at + bytes);
    if (part.length < bytes) {
      throw wrong('form', `${name}: ${what}`, `${bytes} bytes`, `the end after ${part.length}`);
    }
    at += bytes;
    return part;
  };
  const takeZeros = (bytes: number, what: string): void => {
    if (take(bytes, what).some((byte) => byte !== 0)) {
      throw wrong('form', `${name}: ${what}`, `${bytes} zero bytes`, 'others');
    }
  };
  return (path) => {
    if (path === null) {
      takeZeros(endBytes, 'end');
      if (at < file.length) throw wrong('form', name, `nothing after ${at} bytes`, 'more');
      return { path: '', content: new Uint8Array() };
    }
    const header = take(headerBytes, path ?? 'first file');
    const found = readHeader(header, path, `${name}: ${path ?? 'first file'}`);
    const content = take(found.bytes, found.path);
    takeZeros(paddingOf(found.bytes), found.path);
    return { path: found.path, content };
  };
}

/** A header in the one form that it has, of the file that is due. Throws `bundle.header`. */
function readHeader(header: Uint8Array, path: string | undefined, what: string): UstarHeader {
  try {
    const found = decodeHeader(header);
    if (path !== undefined) assertHeader(header, { path, bytes: found.bytes });
    return found;
  } catch (error) {
    throw inFile(what, error);
  }
}

function wrong(code: string, what: string, expected: string, found: string): TwinbankError {
  const message = `${what}: expected ${expected}, found ${found}`;
  return new TwinbankError('corrupt', `oem.${code}`, message);
}

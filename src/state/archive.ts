import { gunzipSync } from 'node:zlib';
import { gzipSync } from 'fflate';
import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';
import { maxContentBytes, stateSchema } from './slot.ts';
import { packTar, readTar } from './tar.ts';

/** What an administrator can change, in the order in which the archive has it, with its mode. */
const modes = {
  'etc/hostname': 0o644,
  'etc/shadow': 0o600,
  'etc/vmware/network.json': 0o644,
  'etc/vmware/syslog.json': 0o644,
  'etc/vmware/ntp.json': 0o644,
} as const;
export type StatePath = keyof typeof modes;
export const statePaths = Object.keys(modes) as StatePath[];

export interface StateFile {
  /** Without a leading `/`. */
  readonly path: StatePath;
  readonly bytes: Uint8Array;
}

/** Of everything in it; what is larger is none of ours, and could fill the memory of a host. */
const maxUnpacked = 2 ** 20;
const versionFile = 'VERSION';
const versionText = `${stateSchema}\n`;

/**
 * The content of a state slot, which is also the file that `state backup` writes: a tar.gz with `VERSION`
 * first. The same files give the same bytes: fflate packs them, as zlib's bytes differ between versions of
 * Node.
 */
export function packState(files: readonly StateFile[]): Uint8Array {
  const inOrder = statePaths.flatMap((path) => files.find((file) => file.path === path) ?? []);
  const tar = packTar([
    { path: versionFile, mode: 0o644, bytes: Buffer.from(versionText) },
    ...inOrder.map((file) => ({ ...file, mode: modes[file.path] })),
  ]);
  return gzipSync(tar, { level: 9, mtime: 0 });
}

/**
 * The files of a state's content. Throws kind `corrupt`: `state.archive` for what is no such archive or too
 * large, `state.schema` for that of another version, `state.path` for a file that does not belong to a
 * state, and `tar.*`.
 */
export function unpackState(content: Uint8Array): StateFile[] {
  if (content.length > maxContentBytes) {
    const expected = `expected at most ${maxContentBytes} bytes, packed`;
    throw wrong('archive', `${expected}, found ${content.length}`);
  }
  const [version, ...files] = readTar(unzip(content));
  if (version?.path !== versionFile) {
    const found = version ? version.path : 'none';
    throw wrong('archive', `expected ${versionFile} as the first file, found ${found}`);
  }
  const text = Buffer.from(version.bytes).toString('latin1', 0, 16);
  if (text !== versionText) {
    const found = quote(text.trim());
    throw wrong('schema', `${versionFile}: expected ${stateSchema}, found ${found}`);
  }
  const found = new Map<StatePath, Uint8Array>();
  for (const { path, bytes } of files) {
    if (!isStatePath(path)) {
      throw wrong('path', `expected files of ${statePaths.join(', ')}, found ${quote(path)}`);
    }
    if (found.has(path)) throw wrong('path', `expected each file once, found ${path} twice`);
    found.set(path, bytes);
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }));
}

function unzip(content: Uint8Array): Uint8Array {
  try {
    return gunzipSync(content, { maxOutputLength: maxUnpacked });
  } catch (cause) {
    const found =
      (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        ? `more than ${maxUnpacked} bytes in it`
        : 'something else';
    throw wrong('archive', `expected a tar.gz of at most ${maxUnpacked} bytes, found ${found}`);
  }
}

function isStatePath(path: string): path is StatePath {
  return Object.hasOwn(modes, path);
}

function wrong(code: string, message: string): TwinbankError {
  return new TwinbankError('corrupt', `state.${code}`, `state: ${message}`);
}

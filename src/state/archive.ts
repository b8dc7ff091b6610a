import { gunzipSync } from 'node:zlib';
import { gzipSync } from 'fflate';
import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';
import { migrate } from './migrations.ts';
import { stateModes, statePaths } from './setting-rows.ts';
import { maxContentBytes, stateSchema } from './slot.ts';
import type { StateFile } from './state-file.ts';
import { packTar, readTar } from './tar.ts';

/** Of everything in it; what is larger is none of ours, and could fill the memory of a host. */
const maxUnpacked = 2 ** 21;
const versionFile = 'VERSION';
/** Of a file that this version does not know: it may hold a secret. */
const carriedMode = 0o600;
const mostCarried = 64;

/**
 * The content of a state slot, which is also the file that `state backup` writes: a tar.gz with `VERSION`
 * first, and the files that no setting knows last. The same files give the same bytes: fflate packs them, as zlib's bytes differ
 * between versions of Node. Throws `state.too-large` (kind `refused`) for more than can be unpacked again.
 */
export function packState(files: readonly StateFile[]): Uint8Array {
  const known = statePaths.flatMap((path) => files.find((file) => file.path === path) ?? []);
  const carried = files.filter(({ path }) => !statePaths.includes(path));
  const tar = packTar([
    { path: versionFile, mode: 0o644, bytes: Buffer.from(`${stateSchema}\n`) },
    ...[...known, ...carried.toSorted((a, b) => (a.path < b.path ? -1 : 1))].map((file) => ({
      ...file,
      mode: stateModes[file.path] ?? carriedMode,
    })),
  ]);
  if (tar.length > maxUnpacked) {
    const message = `state: expected at most ${maxUnpacked} bytes of files, found ${tar.length}`;
    throw new TwinbankError('refused', 'state.too-large', message);
  }
  return gzipSync(tar, { level: 9, mtime: 0 });
}

/**
 * The files of a state's content, of an older schema in the form of the newest. Files that no setting knows are among them: a later
 * version has saved them. Throws kind `corrupt`: `state.archive` for what is no such archive or too large, `state.schema` for that of
 * a later schema, `state.path` for a file that cannot belong to a state, and `tar.*`.
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
  const schema = schemaOf(Buffer.from(version.bytes).toString('latin1', 0, 16));
  const found = new Map<string, Uint8Array>();
  for (const { path, bytes } of files) {
    if (!mayHave(schema, path)) {
      const expected = `expected files such as ${statePaths.slice(0, 3).join(', ')}`;
      throw wrong('path', `${expected}, found ${quote(path)}`);
    }
    if (found.has(path)) throw wrong('path', `expected each file once, found ${path} twice`);
    found.set(path, bytes);
  }
  const carried = [...found.keys()].filter((path) => !statePaths.includes(path)).length;
  if (carried > mostCarried) {
    throw wrong(
      'path',
      `expected at most ${mostCarried} files of a later version, found ${carried}`,
    );
  }
  return migrate(
    [...found].map(([path, bytes]) => ({ path, bytes })),
    schema,
  );
}

function schemaOf(text: string): number {
  const schema = Number(/^([1-9][0-9]{0,4})\n$/.exec(text)?.[1] ?? Number.NaN);
  if (schema >= 1 && schema <= stateSchema) return schema;
  const expected = `expected a schema from 1 to ${stateSchema}`;
  throw wrong('schema', `${versionFile}: ${expected}, found ${quote(text.trim())}`);
}

/** Schema 1 knew its files by name. A later version may have others, below `etc` and nowhere else. */
function mayHave(schema: number, path: string): boolean {
  if (schema === 1) return filesOfSchema1.includes(path);
  const isPlain = path.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(part));
  return isPlain && path.startsWith('etc/') && path.length <= 96;
}
const filesOfSchema1 = [
  'etc/hostname',
  'etc/shadow',
  'etc/vmware/network.json',
  'etc/vmware/syslog.json',
  'etc/vmware/ntp.json',
];

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

function wrong(code: string, message: string): TwinbankError {
  return new TwinbankError('corrupt', `state.${code}`, `state: ${message}`);
}

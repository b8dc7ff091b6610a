import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quote } from '../../diagnostics/quote.ts';
import { exactSize } from '../../diagnostics/size.ts';
import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { fileProblem } from '../../recipe/recipe-file.ts';
import { statePaths } from '../../state/setting-rows.ts';
import { systemLinks, throughLink } from '../../update/manifest/system-links.ts';
import { type FileTree, linkStaysInside, sortedEntries } from '../components/file-tree.ts';

/** What a manifest can list and a bank can hold with room to spare; more is a mistake, such as a mounted disk. */
const most = { entries: 10_000, bytes: 2 ** 30, path: 1024, names: 768 * 2 ** 10 };

const nothing = new Uint8Array();

/** On a running host something else is mounted over these. */
const hidden = ['dev', 'proc', 'run', 'sys', 'tmp'];

/**
 * Reads `files/` of a provider, which need not be there, and tells everything in it that no layer can hold or
 * no host would see. Of the modes only "may be executed by its owner" is kept. Where there is a problem no file
 * is read: the tree says which paths there are.
 */
export function readProviderFiles(provider: LoadedProvider): {
  tree: FileTree;
  problems: Diagnostic[];
} {
  const problems: Diagnostic[] = [];
  const tree: FileTree = new Map();
  const paths: { path: string; mode: number }[] = [];
  let entries = 0;
  let bytes = 0;
  let names = 0;
  const report = (path: string, expected: string, found: string): void => {
    problems.push(provider.fileProblem(path === '' ? 'files' : `files/${path}`, expected, found));
  };

  function visit(path: string): void {
    for (const raw of readdirSync(join(provider.files, path), { encoding: 'buffer' })) {
      if (++entries > most.entries) return;
      const name = decodeName(raw);
      const shown = path === '' ? raw.toString() : `${path}/${raw.toString()}`;
      if (name === undefined) {
        report(shown, 'a name in UTF-8 without control and direction characters', 'another');
        continue;
      }
      try {
        visitOne(path === '' ? name : `${path}/${name}`);
      } catch (error) {
        report(shown, 'a file that can be read', fileProblem(error));
      }
    }
  }

  function visitOne(path: string): void {
    const full = join(provider.files, path);
    const status = lstatSync(full);
    names += Buffer.byteLength(JSON.stringify(path)) + 1;
    if (path.length > most.path) {
      report(path, `a path of at most ${most.path} characters`, `${path.length}`);
      return;
    }
    const place = misplaced(path, status.isDirectory());
    // What is in a folder that would hide a link is told by the places where it belongs.
    if (systemLinks.has(path) && status.isDirectory() && readdirSync(full).length > 0) visit(path);
    else if (place !== undefined) report(path, place, 'it here');
    else if (status.isDirectory()) {
      tree.set(path, { type: 'directory', mode: 0o755 });
      visit(path);
    } else if (status.isFile()) {
      bytes += status.size;
      paths.push({ path, mode: status.mode & 0o100 ? 0o755 : 0o644 });
    } else if (status.isSymbolicLink()) {
      const target = readlinkSync(full);
      if (linkStaysInside(path, target)) tree.set(path, { type: 'symlink', target });
      else report(path, 'a link that stays inside files/', `one to ${quote(target)}`);
    } else {
      report(path, 'a file, folder or link', 'a socket, pipe or device');
    }
  }

  const top = lstatSync(provider.files, { throwIfNoEntry: false });
  if (top && !top.isDirectory()) report('', 'a folder beside provider.yaml', 'something else');
  if (top?.isDirectory()) visit('');
  for (const path of problems.length > 0 ? [] : emptyFolders(tree, paths)) {
    // A manifest lists files and links alone: nobody would see what such a folder hides.
    report(
      path,
      'a file or link in it, as no manifest lists an empty folder',
      'none; .keep will do',
    );
  }
  if (entries > most.entries) report('', `at most ${most.entries} files and folders`, 'more');
  if (names > most.names) {
    // A manifest, which lists them, has at most a mebibyte.
    report('', `paths of at most ${exactSize(most.names)} in all`, `${names} bytes`);
  }
  if (bytes > most.bytes)
    report('', `files of at most ${exactSize(most.bytes)} in all`, exactSize(bytes));
  if (problems.length > 0) {
    for (const { path, mode } of paths) tree.set(path, { type: 'file', mode, data: nothing });
    return { tree, problems };
  }
  for (const { path, mode } of paths) {
    try {
      tree.set(path, { type: 'file', mode, data: readFileSync(join(provider.files, path)) });
    } catch (error) {
      report(path, 'a file that can be read', fileProblem(error));
    }
  }
  return { tree: new Map(sortedEntries(tree)), problems };
}

/** Folders that hold nothing, but for those in one of them. */
function emptyFolders(tree: FileTree, files: readonly { path: string }[]): string[] {
  const folders = new Set<string>();
  for (const [path, { type }] of tree) if (type === 'directory') folders.add(path);
  const isEmpty = new Set(folders);
  const others = [...tree.keys()].filter((path) => !folders.has(path));
  for (const path of [...others, ...files.map((file) => file.path)]) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      isEmpty.delete(path.slice(0, end));
    }
  }
  return [...isEmpty].filter((path) => !isEmpty.has(dirname(path))).sort();
}

/** Where it belongs instead, as the X of "expected X, found it here"; undefined for what may be here. */
function misplaced(path: string, isFolder: boolean): string | undefined {
  const target = systemLinks.get(path);
  if (target !== undefined) return `nothing of this name, a link of the base to ${target}`;
  const through = throughLink(path);
  if (through) return `it at files/${through.direct}, as /${through.link} is a link of the base`;
  const [first = ''] = path.split('/');
  if (!path.includes('/') && hidden.includes(first)) {
    return `nothing in ${hidden.join(', ')}, over which a host mounts something else`;
  }
  if (isFolder) return undefined;
  if (statePaths.some((one) => one === path)) {
    return 'the setting of an administrator to stay his: say it under defaults in provider.yaml';
  }
  if (/(^|\/)lib\/modules\/.*\.ko(\.[a-z0-9]+)?$/.test(path)) {
    return 'kernel modules under drivers or driverFiles of provider.yaml, which proves that they fit';
  }
  if (/^(etc\/twinbank\/oem|usr\/lib\/twinbank\/(support|cim|oem))\//.test(path)) {
    return 'what provider.yaml makes there: say it under defaults, support, cim or programs';
  }
  return undefined;
}

/** The name where it is one that a manifest can list and a terminal can show; other scripts are welcome. */
function decodeName(raw: Buffer): string | undefined {
  try {
    const name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
    return /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(name) ? undefined : name;
  } catch {
    return undefined;
  }
}

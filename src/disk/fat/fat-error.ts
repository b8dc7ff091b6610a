import { TwinbankError } from '../../diagnostics/error.ts';

/** The errors for what was asked of a volume, as opposed to what is wrong with it. */
function pathError(code: string, path: string, expected: string, found: string): TwinbankError {
  return new TwinbankError('io', code, `${path}: expected ${expected}, found ${found}`, {
    data: { path },
  });
}

export function notFound(path: string): TwinbankError {
  return pathError('fat.not-found', path, 'a file or directory', 'none');
}

export function isADirectory(path: string): TwinbankError {
  return pathError('fat.is-directory', path, 'a file', 'a directory');
}

export function notADirectory(path: string): TwinbankError {
  return pathError('fat.not-directory', path, 'a directory', 'a file');
}

export function notEmpty(path: string): TwinbankError {
  return pathError('fat.not-empty', path, 'an empty directory', 'entries in it');
}

export function directoryFull(path: string): TwinbankError {
  return pathError('fat.directory-full', path, 'room for another entry', 'a full directory');
}

export function noSpace(path: string, needed: number, free: number): TwinbankError {
  return pathError('fat.no-space', path, `room for ${needed} bytes`, `${free} bytes free`);
}

export function outOfFile(
  path: string,
  size: number,
  offset: number,
  length: number,
): TwinbankError {
  return pathError(
    'fat.out-of-file',
    path,
    `a range within its ${size} bytes`,
    `${length} bytes at offset ${offset}`,
  );
}

/** A file's chain of clusters ends before the file does. */
export function chainShort(
  path: string,
  { needed, found }: { needed: number; found: number },
  { size, firstCluster }: { size: number; firstCluster: number },
): TwinbankError {
  return new TwinbankError(
    'corrupt',
    'fat.chain-short',
    `${path}: expected ${needed} clusters for ${size} bytes, found ${found} from cluster ${firstCluster}`,
    { data: { path, needed, found } },
  );
}

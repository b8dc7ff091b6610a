import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusalOf } from '../diagnostics/system-error.ts';
import { homeFolder } from './home-folder.ts';
import { isTemporaryFolder } from './temporary-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the cache is, from an environment: $TWINBANK_CACHE, $XDG_CACHE_HOME/twinbank, ~/.cache/twinbank. */
export function cacheDirectory(env: Environment): string {
  if (env.TWINBANK_CACHE) return env.TWINBANK_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'twinbank');
  return join(homeFolder(env, 'TWINBANK_CACHE'), '.cache', 'twinbank');
}

/** Where copies of the state of targets wait until their disks are whole, and the cache's key is: $XDG_STATE_HOME/twinbank, ~/.local/state/twinbank. */
export function stateDirectory(env: Environment): string {
  const base = env.XDG_STATE_HOME || join(homeFolder(env, 'XDG_STATE_HOME'), '.local/state');
  return join(base, 'twinbank');
}

interface OwnFolder {
  readonly what: string;
  readonly variable: string;
  readonly folder: (env: Environment) => string;
  /** Whether what has this name in the folder is ours; without it, all is. */
  readonly has?: (name: string) => boolean;
}

/** Folders that nobody named on the command line, and the variable that puts each elsewhere. */
const ownFolders: readonly OwnFolder[] = [
  { what: 'the cache', variable: 'TWINBANK_CACHE', folder: cacheDirectory },
  { what: 'the kept state', variable: 'XDG_STATE_HOME', folder: stateDirectory },
  // Of all that lies there, what has a name as we make them. Sockets lie in the last one where the other's path is too long for them.
  { what: 'temporary files', variable: 'TMPDIR', folder: temporary, has: isTemporaryFolder },
  { what: 'temporary files', variable: 'TMPDIR', folder: () => '/tmp', has: isTemporaryFolder },
];

function temporary(env: Environment): string {
  return env.TMPDIR || tmpdir();
}

const roomErrors = new Set<unknown>(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** What is tried on a file that is there, perhaps only to read it. */
const readActions = new Set<unknown>(['open', 'read']);

/**
 * A failure to write, with what the person can do about it: of folders of ours which variable puts them elsewhere. Every other
 * failure is returned as it is.
 */
export function withRemedy(failure: TwinbankError, env: Environment): TwinbankError {
  const { errno, path, action } = failure.data;
  const refusal = refusalOf(errno);
  if (failure.kind !== 'io' || !refusal || typeof path !== 'string') return failure;
  const needsRoom = roomErrors.has(errno);
  const own = ownFolderOf(path, env);
  let { message } = failure;
  if (own) {
    // Of files with names that we made up the folder says enough; whose permission is missing has to be known.
    const place = needsRoom ? own.folder : path;
    if (message.startsWith(`${path}: `))
      message = `${place}: could not write ${own.what}: ${refusal.reason}`;
    message += needsRoom
      ? `; free some, or set ${own.variable} to a folder on another file system`
      : `; set ${own.variable} to a folder that this user may write`;
  } else if (needsRoom) message += '; free some, or write to another file system';
  else if (errno === 'EROFS' || !readActions.has(action))
    message += '; name a place that this user may write';
  const { kind, code, data } = failure;
  return new TwinbankError(kind, code, message, { data, cause: failure.cause });
}

function ownFolderOf(path: string, env: Environment) {
  for (const { what, variable, folder, has } of ownFolders) {
    const place = known(() => folder(env));
    if (place === undefined) continue;
    const [first = ''] = relative(resolve(place), resolve(path)).split(sep);
    const isThere = first === '' || (first !== '..' && (has?.(first) ?? true));
    if (isThere) return { what, variable, folder: place };
  }
  return undefined;
}

/** Undefined where this user has no folder at all; who asked for it has been told. */
function known(folder: () => string): string | undefined {
  try {
    return folder();
  } catch (error) {
    if (error instanceof TwinbankError) return undefined;
    throw error;
  }
}

import { systemLinks } from '../../../update/manifest/system-links.ts';
import { type Agent, type AgentUser, folderOf } from '../../agents/agent.ts';
import { handoverDescriptor } from '../../system/handover.ts';

/** Bytes that an agent and all that it starts may put into their `/tmp`. */
const tmpBytes = 16 << 20;
/** The descriptor by which bwrap has the filter; those below it are handed over to the agent. */
export const filterDescriptor = 9;
/** Its `resolv.conf` is replaced when name servers change, so that the folder is what a world sees. */
const resolver = '/run/twinbank/resolver';
/** Devices that are nobody's: bwrap's own set has terminals, and a `/dev/shm` without a limit. */
const devices = ['null', 'zero', 'full', 'random', 'urandom'];
/** For the names of users and of the host; nothing of it is secret. */
const files = ['/etc/passwd', '/etc/group', '/etc/hosts', '/etc/localtime'];

/** Without these root could not become the agent's user in there; setpriv gives them up. */
const becomesUser = ['setuid', 'setgid', 'setpcap'];

/** What of an agent's row decides on what its world has. */
export type WorldRow = Pick<
  Agent,
  'name' | 'network' | 'asRoot' | 'sees' | 'writes' | 'capabilities'
>;

export interface WorldSurroundings {
  /** Attributes of `/sys` and devices that its user was given: the paths themselves, without links. */
  readonly granted: readonly string[];
  /** Links below the root, as in the bank: `bin` to `usr/bin`. */
  readonly links?: ReadonlyMap<string, string>;
  /** It gets connections to other agents by descriptor {@link handoverDescriptor}, which Node finds by a variable. */
  readonly hasChannel?: boolean;
}

/**
 * The arguments of bwrap(1) for an agent's world, up to the program's own; bwrap has to be started as the agent's user (as root it would
 * keep root's capabilities), with the filter as descriptor {@link filterDescriptor}. In there: own users, processes, names and, but for
 * a row with `network`, own network without any interface; nothing of the system but its programs, what the row `sees` and its own
 * folder, none of it to write; what the row `writes`; a `/tmp` with a size. It ends with whoever started it.
 */
export function worldArgs(
  { name, network, asRoot, sees = [], writes, capabilities }: WorldRow,
  { granted, links = systemLinks, hasChannel = false }: WorldSurroundings,
): string[] {
  // A user name space that was asked for by name is one that no further one can be made in.
  const own = capabilities ? [] : ['user'];
  const spaces = [...own, 'pid', 'ipc', 'uts', 'cgroup-try', ...(network ? [] : ['net'])];
  const places = [...sees, ...(network ? [resolver] : []), folderOf(name)];
  const top = [...links].filter(([path]) => !path.includes('/'));
  return [
    ...spaces.map((space) => `--unshare-${space}`),
    ...(asRoot ? ['--uid', '0', '--gid', '0'] : []),
    ...(capabilities ? [] : ['--disable-userns']),
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...(capabilities ? [...capabilities, ...becomesUser].flatMap(addCapability) : []),
    ...['--clearenv', '--setenv', 'PATH', '/usr/bin:/usr/sbin', '--setenv', 'HOME', '/tmp'],
    ...(hasChannel ? ['--setenv', 'NODE_CHANNEL_FD', String(handoverDescriptor)] : []),
    ...['--ro-bind', '/usr', '/usr'],
    ...top.flatMap(([path, target]) => ['--symlink', target, `/${path}`]),
    ...(capabilities
      ? foldersAbove([
          ...places,
          ...(writes ? [writes.path] : []),
          '/etc/hosts',
          '/dev/null',
          ...granted,
        ])
      : []),
    ...files.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--size', String(tmpBytes)],
    // It would be root's where root starts it.
    ...(capabilities ? ['--perms', '1777'] : []),
    ...['--tmpfs', '/tmp', '--chdir', '/'],
    ...devices.flatMap((device) => ['--dev-bind', `/dev/${device}`, `/dev/${device}`]),
    ...['--symlink', '/proc/self/fd', '/dev/fd'],
    ...(network ? ['--symlink', `..${resolver}/resolv.conf`, '/etc/resolv.conf'] : []),
    ...places.flatMap((path) => ['--ro-bind-try', path, path]),
    ...(writes ? ['--bind', writes.path, writes.path] : []),
    // What has gone since it was granted keeps nobody from starting.
    ...granted.flatMap((path) => ['--dev-bind-try', path, path]),
    // What all of this was made in is memory of the user's own: it would be one more place to fill.
    ...['--remount-ro', '/', '--seccomp', String(filterDescriptor), '--'],
  ];
}

/** Those that bwrap makes for what lies in them are for the user alone that has started it, and that is root where this is asked for. */
function foldersAbove(paths: readonly string[]): string[] {
  const above = (path: string): string[] => {
    const parent = path.slice(0, path.lastIndexOf('/'));
    return parent === '' ? [] : [...above(parent), parent];
  };
  const folders = [...new Set(paths.flatMap(above))];
  return folders.flatMap((folder) => ['--perms', '0755', '--dir', folder]);
}

function addCapability(name: string): string[] {
  return ['--cap-add', `CAP_${name.toUpperCase()}`];
}

/**
 * What stands before a program that keeps capabilities, in its world: it becomes the agent's user, and has these and no others, without
 * a way to more. In a user name space they would be worth nothing, so that root starts bwrap for it.
 */
export function keepsCapabilities(
  { uid, gid }: AgentUser,
  capabilities: NonNullable<Agent['capabilities']>,
): string[] {
  const kept = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  return [
    ...['/usr/bin/setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups'],
    ...['inh', 'ambient'].map((set) => `--${set}-caps=${kept}`),
    ...[`--bounding-set=${kept}`, '--'],
  ];
}

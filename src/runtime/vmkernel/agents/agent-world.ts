import type { Agent } from '../../agents/agent.ts';

/** What an agent and all that it starts may put into their `/tmp` (mount(8), tmpfs): bytes, and files though they are empty. */
const tmpLimits = 'size=16m,nr_inodes=4k';

/**
 * Gives up root's rights for good, in a mount name space with a `/tmp` of its own, which goes with its last process: the system's is for
 * root alone. busybox's `su` becomes the user and then the program, so that it keeps its process.
 */
const script = `mount -t tmpfs -o nosuid,nodev,${tmpLimits},mode=1777 tmpfs /tmp &&
program=$1 && shift && exec su -p -s "$program" "$0" -- "$@"`;

/** How an agent's program is started: as it is for root, in its own surroundings for another user. */
export function inWorld(
  { name, user }: Pick<Agent, 'name' | 'user'>,
  path: string,
): { readonly path: string; args(own: readonly string[]): readonly string[] } {
  if (!user) return { path, args: (own) => own };
  // What is mounted later is seen; what is mounted in there is not.
  const unshare = ['-m', '--propagation', 'slave', '/bin/sh', '-c', script, name, path];
  return { path: '/bin/unshare', args: (own) => [...unshare, ...own] };
}

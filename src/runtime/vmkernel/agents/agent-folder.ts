import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AgentFolder, AgentUser } from '../../agents/agent.ts';
import { assertOwnFolder } from '../../system/root-file.ts';

export interface FolderPort {
  /** The kernel's list of what is mounted (proc(5)). */
  readMounts(): string;
  makeFolder(path: string): void;
  /** Why mount(8) did not do it; undefined where it did. */
  mount(args: readonly string[]): string | undefined;
}

/** Files of the folder, and a few for what is being renamed. */
const mostFiles = 256;

/**
 * Makes the folder that an agent may write: memory of its own, so that it can be filled without harm. One that is there, of a vmkd before
 * this one, stays as it is. Throws an Error where it cannot be made.
 */
export function makeAgentFolder(
  { path, bytes }: AgentFolder,
  { uid, gid }: AgentUser,
  port: FolderPort = systemPort,
): void {
  const isThere = port
    .readMounts()
    .split('\n')
    .some((line) => line.split(' ')[1] === path);
  if (isThere) return;
  port.makeFolder(path);
  const options = `nosuid,nodev,noexec,mode=750,uid=${uid},gid=${gid},size=${bytes},nr_inodes=${mostFiles}`;
  const wrong = port.mount(['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  if (wrong !== undefined) throw new Error(`${path}: ${wrong}`);
}

const systemPort: FolderPort = {
  readMounts: () => readFileSync('/proc/mounts', 'utf8'),
  makeFolder: (path) => {
    mkdirSync(path, { recursive: true });
    assertOwnFolder(dirname(path));
  },
  // vmkd has nothing else to do now, and there is no agent before it.
  mount: (args) => {
    const { status, stderr, error } = spawnSync('/bin/mount', args, { timeout: 10_000 });
    if (status === 0) return undefined;
    return error?.message ?? `mount: ${stderr.toString().trim()}`;
  },
};

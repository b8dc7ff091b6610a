import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentHost, folderOf } from '../../agents/agent.ts';
import { expandPattern } from '../../system/expand-pattern.ts';
import { assertOwnFolder, createOwnFile, removeOwnFile } from '../../system/root-file.ts';
import { grantPath } from './grant-path.ts';

export interface AgentHostOptions {
  readonly agent: Pick<Agent, 'name' | 'user'>;
  /** Files that the bank's signed manifests list; undefined where nothing is verified. */
  readonly files: readonly string[] | undefined;
  report(why: string): void;
  /** Hears each attribute or device that the agent's user is given, by its path without links. */
  onGrant?(path: string): void;
  /** Default `/`. */
  readonly root?: string;
}

/**
 * The running system for an agent's row to prepare; below `root` in tests. The agent's folder and all that is in it are root's, for the
 * agent's group to read: whatever the agent is or becomes, root finds there what it has put there itself.
 */
export function agentHost({
  agent,
  files,
  report,
  onGrant,
  root = '/',
}: AgentHostOptions): AgentHost {
  const { name, user = { uid: 0, gid: 0 } } = agent;
  const folder = folderOf(name);
  const place = (path: string): string => join(root, path);
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      report((error as Error).message);
      return undefined;
    }
  };
  const owner = { uid: process.getuid?.() ?? 0, gid: user.gid };
  const create = (file: string, bytes: string | Uint8Array): void =>
    createOwnFile(place(join(folder, file)), bytes, { mode: 0o440, owner });
  return {
    files: files ?? [],
    report,
    makeFolder: () => {
      attempt(() => makeOwnFolder(place(folder), owner));
      return folder;
    },
    writeFile: (file, text) => {
      attempt(() => create(file, text));
    },
    copyFile: (path, file) => {
      const bytes = readable(place(path));
      const copy = join(folder, file);
      attempt(() => (bytes ? create(file, bytes) : removeOwnFile(place(copy))));
      return copy;
    },
    readText: (path) => attempt(() => readFileSync(place(path), 'utf8')),
    grant: (pattern) => {
      for (const path of expandPattern(pattern, root)) {
        const real = attempt(() => grantPath(path, user, root));
        if (real !== undefined) onGrant?.(real);
      }
    },
  };
}

/** An empty folder of our own, which the group may look into. Throws an Error where the name cannot be had. */
function makeOwnFolder(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  mkdirSync(join(path, '..'), { recursive: true });
  assertOwnFolder(join(path, '..'));
  if (lstatSync(path, { throwIfNoEntry: false })) empty(path);
  // Throws where there is something now.
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, 0o750);
}

/** Takes a name what has it: what is ours goes, and what somebody else may change meanwhile is put aside as it is. */
function empty(path: string): void {
  try {
    assertOwnFolder(path);
  } catch {
    renameSync(path, `${path}.old-${process.hrtime.bigint()}`);
    return;
  }
  rmSync(path, { recursive: true });
}

function readable(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

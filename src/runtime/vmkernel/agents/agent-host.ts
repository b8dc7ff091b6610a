import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentHost, type AgentUser, folderOf } from '../../agents/agent.ts';
import { expandPattern } from '../../system/expand-pattern.ts';

export interface AgentHostOptions {
  readonly agent: Pick<Agent, 'name' | 'user'>;
  /** Files that the bank's signed manifests list; undefined where nothing is verified. */
  readonly files: readonly string[] | undefined;
  report(why: string): void;
  /** Default `/`. */
  readonly root?: string;
}

/** The running system for an agent's row to prepare; below `root` in tests. */
export function agentHost({ agent, files, report, root = '/' }: AgentHostOptions): AgentHost {
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
  /** Always a new file: the folder is the agent's, and what root opens by name in it may be a link to anywhere. */
  const create = (path: string, bytes: string | Uint8Array, mode: number, owner?: AgentUser) => {
    rmSync(path, { force: true });
    const fd = openSync(path, 'wx', mode);
    try {
      writeFileSync(fd, bytes);
      if (owner) fchownSync(fd, owner.uid, owner.gid);
    } finally {
      closeSync(fd);
    }
  };
  return {
    files: files ?? [],
    report,
    makeFolder: () => {
      attempt(() => {
        // At a new start of vmkd the agent before has left something in it.
        rmSync(place(folder), { recursive: true, force: true });
        mkdirSync(place(folder), { recursive: true, mode: 0o700 });
        chownSync(place(folder), user.uid, user.gid);
        chmodSync(place(folder), 0o700);
      });
      return folder;
    },
    writeFile: (file, text) => {
      attempt(() => create(place(join(folder, file)), text, 0o644));
    },
    copyFile: (path, file) => {
      const copy = join(folder, file);
      try {
        create(place(copy), readFileSync(place(path)), 0o400, user);
      } catch {
        rmSync(place(copy), { force: true });
      }
      return copy;
    },
    readText: (path) => attempt(() => readFileSync(place(path), 'utf8')),
    grant: (pattern) => {
      for (const path of expandPattern(pattern, root)) {
        attempt(() => chownSync(path, user.uid, user.gid));
      }
    },
  };
}

import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentHost, folderOf } from '../../agents/agent.ts';
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
  const own = (path: string, mode: number): void => {
    chownSync(path, user.uid, user.gid);
    chmodSync(path, mode);
  };
  return {
    files: files ?? [],
    report,
    makeFolder: () => {
      attempt(() => {
        mkdirSync(place(folder), { recursive: true });
        own(place(folder), 0o700);
      });
      return folder;
    },
    writeFile: (file, text) => {
      attempt(() => writeFileSync(place(join(folder, file)), text, { mode: 0o644 }));
    },
    copyFile: (path, file) => {
      const copy = join(folder, file);
      rmSync(place(copy), { force: true });
      try {
        copyFileSync(place(path), place(copy));
        own(place(copy), 0o400);
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

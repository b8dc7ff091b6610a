import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { build } from 'esbuild';
import type { AgentUser } from '../../src/runtime/agents/agent.ts';
import { descriptorsMax, descriptorsWord } from '../../src/runtime/vmkernel/agents/agent-world.ts';
import { filterDescriptor } from '../../src/runtime/vmkernel/agents/world-args.ts';

/** The links of this machine, which are not the bank's. */
export const ownLinks = new Map(
  ['bin', 'sbin', 'lib', 'lib64'].map((name) => [name, readlinkSync(`/${name}`)]),
);

/** Whether worlds can be made here: a container may have no user name spaces, and one that keeps a capability needs none. */
export function canMakeWorlds(user: AgentUser | 'root'): boolean {
  if (process.getuid?.() !== 0) return false;
  const own = user === 'root' ? ['--cap-drop', 'ALL'] : ['--unshare-user'];
  const args = [...own, '--ro-bind', '/', '/', 'true'];
  return spawnSync('bwrap', args, user === 'root' ? {} : user).status === 0;
}

/** An agent as one file, as the builder makes it. */
export async function bundleAgent(source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'silent',
  });
}

export interface WorldOptions {
  /** Whom bwrap is started as. */
  readonly user: AgentUser | 'root';
  /** What the world has from descriptor 3 on. */
  readonly handed: readonly (number | 'pipe' | 'ignore')[];
  /** Path of its filter. */
  readonly filter: string;
}

/** Starts bwrap with these arguments, as vmkd does. */
export function spawnWorld(args: readonly string[], options: WorldOptions): ChildProcess {
  const { user, handed, filter } = options;
  const fd = openSync(filter, 'r');
  const unused = Array.from(
    { length: filterDescriptor - 3 - handed.length },
    () => 'ignore' as const,
  );
  try {
    const limited = `files=${descriptorsMax}; ${descriptorsWord} && exec bwrap "$@"`;
    return spawn('/bin/sh', ['-c', limited, 'world', ...args], {
      ...(user !== 'root' && user),
      stdio: ['ignore', 'pipe', 'pipe', ...handed, ...unused, fd],
    });
  } finally {
    closeSync(fd);
  }
}

/** All that a program writes, as it comes. */
export function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let output = '';
  for (const stream of [stdout, stderr]) stream?.on('data', (bytes) => (output += bytes));
  return () => output;
}

/** Ends a program at once; resolves when it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
}

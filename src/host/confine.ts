import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { findTool } from './find-tool.ts';
import { outlivesTerminal } from './ignored-hangup.ts';
import { hostTools } from './tools.ts';

/** How a program is started; `args` come before its own. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** Of one that is confined: its first process is bubblewrap itself, whose own environment /proc/1 shows. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** Nobody: who is root has to lose that, too, as the owner of files in /proc needs no capability. */
const nobody = { uid: 65534, gid: 65534 };

/** What a merged /usr has as links; a folder of its own elsewhere. */
const systemFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * How to start Node with nothing but the system's programs, `/proc` of its own processes, an empty `/tmp` and `readable`
 * (absolute paths, at the same places, read-only): no network, no environment, no capability, no terminal; it ends with
 * whoever started it. By bubblewrap; where that is missing or the kernel refuses it, why, as a clause.
 */
export async function confinedNode(
  readable: readonly string[],
  path = process.env.PATH ?? '',
): Promise<Launch | { readonly problem: string }> {
  const tool = hostTools.find(({ name }) => name === 'bwrap');
  const bwrap = tool && findTool(tool, path);
  if (!bwrap) return { problem: 'none' };
  const args = [...sandboxArgs(readable), realpathSync(process.execPath)];
  // A home of root's is closed to nobody: then root without capabilities has to do.
  const users = process.getuid?.() === 0 ? [nobody, {}] : [{}];
  let problem = '';
  for (const user of users) {
    problem = await tryOut({ file: bwrap, args: [...args, '--version'], ...user });
    if (problem === '') return { file: bwrap, args, env: {}, ...user };
  }
  return { problem: `one that does not work here (${problem})` };
}

function sandboxArgs(readable: readonly string[]): string[] {
  const node = realpathSync(process.execPath);
  const bound = ['/usr', ...systemFolders.filter((one) => existsSync(one) && !isLink(one))];
  const links = systemFolders.filter(isLink);
  return [
    ...['--unshare-all', '--unshare-user', '--die-with-parent', '--new-session'],
    ...['--clearenv', '--cap-drop', 'ALL'],
    ...bound.flatMap((one) => ['--ro-bind', one, one]),
    ...links.flatMap((one) => ['--symlink', readlinkSync(one), one]),
    ...['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    // Of a Node that is not the system's: its own file, and what it is linked with where that lies apart. It may lie in /tmp.
    ...(node.startsWith('/usr/') ? [] : ['--ro-bind', node, node]),
    ...['--ro-bind-try', '/nix/store', '/nix/store'],
    ...readable.flatMap((one) => ['--ro-bind', one, one]),
    ...['--chdir', '/tmp', '--'],
  ];
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Why it does not run; empty: it does. */
function tryOut({ file, args, ...user }: Launch): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      detached: outlivesTerminal,
      ...user,
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(0, 300);
    });
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code) =>
      resolve(code === 0 ? '' : said.trim().split('\n')[0] || `it ended with ${code}`),
    );
  });
}

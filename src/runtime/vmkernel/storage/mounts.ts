import { mkdirSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { procField } from '../../system/proc-field.ts';
import type { RunHelper } from '../../system/run-helper.ts';

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** The rows of `/proc/mounts`. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [device, path, , options = ''] = line.split(' ');
    if (!device || !path) return [];
    const isReadOnly = options.split(',').includes('ro');
    return [{ device: procField(device), path: procField(path), isReadOnly }];
  });
}

/** Where datastores are, a folder that is made before vmkd begins; nothing here touches one but by a helper. */
export interface Volumes {
  readonly folder: string;
  mounts(): Mount[];
  /** Throws an Error, one sentence. */
  mount(type: string, options: string, device: string, path: string, ms?: number): Promise<void>;
  /** At once, whoever has files open there; with `force` what is still to be written to a server is lost. */
  detach(path: string, force?: 'force'): Promise<void>;
  /** Undefined where it does not answer in time. */
  room(path: string): Promise<{ readonly capacity: number; readonly free: number } | undefined>;
  /** Leads a name to a volume. */
  link(name: string, id: string): void;
  unlink(name: string): void;
}

const touchTimeoutMs = 10_000;

export function volumes(
  run: RunHelper,
  readMounts: () => string,
  folder = '/vmfs/volumes',
): Volumes {
  const mounts = (): Mount[] => parseMounts(readMounts());
  /** What has a helper that was given up and has not ended. */
  const left = new Set<string>();
  const isMounted = (path: string): boolean => mounts().some((mount) => mount.path === path);
  const mount: Volumes['mount'] = async (type, options, device, path, timeoutMs) => {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const end = await run('mount', ['-t', type, '-o', options, device, path], {
      timeoutMs: timeoutMs ?? touchTimeoutMs,
    });
    if (end.code === 0) return;
    if (!isMounted(path)) removeFolder(path);
    throw new Error(`${device}: could not be mounted at ${path}: ${end.error || end.output}`);
  };
  return {
    folder,
    mounts,
    mount,
    async detach(path, force) {
      await run('umount', [...(force ? ['-f'] : []), '-l', path], { timeoutMs: touchTimeoutMs });
      if (!isMounted(path)) removeFolder(path);
    },
    async room(path) {
      // A process that hangs in the kernel stays until the disk or the server answers: not one more beside it.
      if (left.has(path)) return undefined;
      const args = ['-f', '-c', '%S %b %a', path];
      const end = await run('stat', args, { timeoutMs: touchTimeoutMs });
      if (end.left) {
        left.add(path);
        void end.left.then(() => left.delete(path));
      }
      const [block = 0, all = 0, free = 0] = end.output.toString().trim().split(' ').map(Number);
      if (end.code !== 0 || !(block > 0)) return undefined;
      return { capacity: block * all, free: block * free };
    },
    link(name, id) {
      const path = `${folder}/${name}`;
      // Of a vmkd before this one.
      removeLink(path);
      symlinkSync(id, path);
    },
    unlink: (name) => removeLink(`${folder}/${name}`),
  };
}

/** Where it leads to is not looked at: it may not answer. */
function removeLink(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

/** One that is not empty holds somebody's files, and stays. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {}
}

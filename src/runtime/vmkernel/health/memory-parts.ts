import { type FileRoom, roomAt } from '../../system/file-room.ts';

/**
 * The parts of the file system in memory, each with a limit of its own, so that none can take the memory of the others: `/` and `/run` are
 * made by the initramfs, `/tmp` by `start`, a log's folder by vmkd. `/etc` and `/etc/vmware` are in `/`.
 */
const folders = ['/', '/run', '/tmp', '/dev', '/var/log/vmware'] as const;

/** One part of the file system in memory. */
export interface MemoryPart extends FileRoom {
  readonly path: string;
}

/** The parts that are mounted (`/proc/mounts`), with their room. */
export function memoryParts(
  mounts: string,
  room: (folder: string) => FileRoom = roomAt,
): MemoryPart[] {
  const mounted = new Set(mounts.split('\n').map((line) => line.split(' ')[1]));
  return folders.flatMap((path) => (mounted.has(path) ? [{ path, ...room(path) }] : []));
}

/** Less than this of a part is as good as nothing: programs begin to fail. */
const leastFree = (bytes: number): number => Math.min(bytes / 32, 512 * 1024);

/** One sentence for each part that is full. */
export function memoryProblems(parts: readonly MemoryPart[]): string[] {
  return parts
    .filter(({ bytes, free }) => free < leastFree(bytes))
    .map(
      ({ path, bytes, free }) =>
        `memory: expected room in ${path}, found ${kibOf(free)} free of ${kibOf(bytes)}`,
    );
}

function kibOf(bytes: number): string {
  return `${Math.floor(bytes / 1024)} KiB`;
}

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const minors = { null: 3, full: 7 };

/**
 * A device that a test may write to: for root a node of its own in `folder`, as code that goes wrong would replace that of the whole
 * machine; nobody else can.
 */
export function ownDevice(kind: keyof typeof minors, folder: string): string {
  if (process.getuid?.() !== 0) return `/dev/${kind}`;
  const path = join(folder, `own-${kind}`);
  execFileSync('mknod', ['-m', '666', path, 'c', '1', `${minors[kind]}`]);
  return path;
}

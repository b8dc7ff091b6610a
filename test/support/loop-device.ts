import { spawnSync } from 'node:child_process';

/** A loop device over a file, or undefined where this machine gives none. */
export function attachLoop(file: string, ...options: string[]): string | undefined {
  const args = ['--find', '--show', ...options, file];
  const { status, stdout } = spawnSync('losetup', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export function detachLoop(device: string): void {
  spawnSync('losetup', ['--detach', device]);
}

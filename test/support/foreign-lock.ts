import { spawn } from 'node:child_process';
import { once } from 'node:events';

// struct flock of a 64-bit Linux: a read lock of one byte, as QEMU has them (fcntl(2)).
const lock = `open(my $f, "+<", $ARGV[0]) or die; my $lock = pack("ssx4qqix4", 0, 0, 100, 1, 0);
  fcntl($f, 6, $lock) or die; $| = 1; print "locked"; sleep 300`;

/** Locks a file as a virtual machine does that has it open; returns what lets it go. Rejects where nobody holds the lock. */
export async function holdForeignLock(path: string): Promise<() => void> {
  const holder = spawn('perl', ['-e', lock, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit').then(() => {
    throw new Error(`${path}: nobody holds the lock`);
  });
  await Promise.race([once(holder.stdout, 'data'), ended]);
  ended.catch(() => {});
  return () => void holder.kill();
}

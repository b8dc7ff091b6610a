import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceNumber, type SystemFolders } from '../../../src/host/device/sysfs.ts';
import { withDiskClaim } from '../../../src/host/disk-claim.ts';

let root: string;
let disk: string;
let folders: SystemFolders;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'twinbank-claim-'));
  disk = join(root, 'disk.img');
  writeFileSync(disk, 'x');
  folders = { sys: join(root, 'sys'), proc: join(root, 'proc'), run: join(root, 'run') };
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${content}\n`);
}

const claim = (path = disk) =>
  withDiskClaim(path, async () => 'done', { folders, name: 'disk.img', seconds: 0 });

/** A line of /proc/locks about the disk. */
function lockLine(kind: string, number?: string): string {
  const { dev, ino } = statSync(disk);
  const [major, minor] = (number ?? deviceNumber(dev)).split(':').map(Number);
  const hex = (value = 0) => value.toString(16).padStart(2, '0');
  return `1: ${kind}  ADVISORY  READ -1 ${hex(major)}:${hex(minor)}:${ino} 100 101`;
}

describe('the claim of a disk', () => {
  it('lets its work be done where nobody else uses it', async () => {
    expect(await claim()).toBe('done');
  });

  it.each(['OFDLCK', 'POSIX'])('is refused where another program has a lock: %s', async (kind) => {
    put('proc/locks', lockLine(kind));
    await expect(claim()).rejects.toMatchObject({ kind: 'refused', code: 'disk.in-use' });
    await expect(claim()).rejects.toThrow(
      'disk.img: expected a disk file that nobody uses, found a lock on it: a virtual machine',
    );
  });

  it('does not take the lock that it has itself for one of others', async () => {
    put('proc/locks', `${lockLine('FLOCK')}\n1: -> FLOCK ADVISORY WRITE 7 08:11:9 0 EOF`);
    expect(await claim()).toBe('done');
  });

  it('finds a lock by the number of the mount, as btrfs and overlayfs number files themselves', async () => {
    // Which descriptor it will be is known to nobody.
    for (let fd = 3; fd < 200; fd++) put(`proc/self/fdinfo/${fd}`, 'pos:\t0\nmnt_id:\t36');
    put('proc/self/mountinfo', `36 35 0:77 / ${root} rw - btrfs /dev/sdb1 rw`);
    put('proc/locks', lockLine('OFDLCK', '0:77'));
    await expect(claim()).rejects.toMatchObject({ code: 'disk.in-use' });
  });

  it('is refused for a file that is a loop device, and says what is mounted of it', async () => {
    put('sys/block/loop3/dev', '7:3');
    put('sys/block/loop3/loop/backing_file', join(root, 'other-name.img'));
    linkSync(disk, join(root, 'other-name.img'));
    await expect(claim()).rejects.toThrow('attached to loop3 (losetup --detach frees it)');
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
    symlinkSync('../../block/loop3', join(root, 'sys/dev/block/7:3'));
    put('proc/self/mountinfo', '36 35 7:3 / /mnt rw - ext4 /dev/loop3 rw');
    await expect(claim()).rejects.toThrow('found loop3 mounted on /mnt and 1 more');
  });

  it('is refused for a file that is swapped to, as the system is', async () => {
    put('proc/swaps', `Filename Type Size\n${disk} file 1 0 -2`);
    await expect(claim()).rejects.toMatchObject({ kind: 'refused', code: 'disk.system' });
  });

  it('looks through a link at what it leads to', async () => {
    symlinkSync(disk, join(root, 'link'));
    put('proc/locks', lockLine('OFDLCK'));
    await expect(claim(join(root, 'link'))).rejects.toMatchObject({ code: 'disk.in-use' });
  });
});

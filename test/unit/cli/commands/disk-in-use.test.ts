import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packState } from '../../../../src/state/archive.ts';
import { filesOfSettings } from '../../../../src/state/settings.ts';
import { smallImage } from '../../bootloader/small-image.ts';
import { baseOf, sign } from '../../update/manifests.ts';
import { updateFixture } from '../update-fixture.ts';

const { at, run, read, image, bundle } = updateFixture();

// struct flock of a 64-bit Linux: a read lock of one byte, as QEMU has them (fcntl(2)).
const lock = `open(my $f, "+<", $ARGV[0]) or die; my $lock = pack("ssx4qqix4", 0, 0, 100, 1, 0);
  fcntl($f, 6, $lock) or die; $| = 1; print "locked"; sleep 300`;

let holder: ReturnType<typeof spawn>;
beforeAll(async () => {
  image('disk.img', smallImage());
  image('new.img', smallImage());
  await bundle('new.tbu', [sign(baseOf({ version: '2.0' }))]);
  writeFileSync(at('state.tgz'), packState(filesOfSettings({ hostname: 'rig-7' })));
  holder = spawn('perl', ['-e', lock, at('disk.img')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit').then(() => expect.fail('nobody holds the lock'));
  await Promise.race([once(holder.stdout!, 'data'), ended]);
});
afterAll(() => void holder.kill());

describe('a disk that another program has open with a lock, as a virtual machine has', () => {
  it.each([
    ['bank', 'disk.img', 'rollback'],
    ['bank', 'disk.img', 'confirm'],
    ['update', 'disk.img', 'new.tbu'],
    ['state', 'restore', 'disk.img', 'state.tgz'],
    ['boot', 'disk.img', '--write', '--engine', 'sim'],
    ['boot', 'disk.img', '--write'],
    ['flash', 'new.img', 'disk.img', '--yes'],
  ])('is written by no command: %s %s %s', async (...argv) => {
    const before = read('disk.img');
    const { code, stderr } = await run([...argv, '-q']);
    expect([code, stderr]).toEqual([
      8,
      expect.stringMatching(
        /^twinbank: \S*disk\.img: expected a disk file that nobody uses, found a lock on it: [^\n]+\n$/,
      ),
    ]);
    expect(read('disk.img').equals(before)).toBe(true);
  });

  it('is read by others', async () => {
    expect((await run(['bank', 'disk.img', '-q'])).code).toBe(0);
    expect((await run(['update', 'disk.img', 'new.tbu', '--dry-run', '-q'])).stderr).not.toContain(
      'nobody uses',
    );
  });
});

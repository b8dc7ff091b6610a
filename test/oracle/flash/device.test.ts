import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { interrupted } from '../../../src/cli/failure.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { packState } from '../../../src/state/archive.ts';
import { filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { attachLoop, detachLoop } from '../../support/loop-device.ts';
import { smallImage } from '../../unit/bootloader/small-image.ts';
import { keyboard, runHere } from '../../unit/cli/host.ts';
import { payload } from '../../unit/disk/fat/trees.ts';
import { judge } from '../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-oracle-device-'));
const at = (name: string) => join(folder, name);
const MiB = 2 ** 20;
const backing = at('backing');

let device: string;
const attached: string[] = [];
function attach(...options: string[]): string | undefined {
  const found = attachLoop(backing, ...options);
  if (found !== undefined) attached.push(found);
  return found;
}

const probe = at('probe');
writeFileSync(probe, new Uint8Array(MiB));
const given = attachLoop(probe);
if (given !== undefined) detachLoop(given);
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  writeFileSync(at('x.img'), smallImage().bytes);
  // Whatever is not written shows.
  writeFileSync(backing, payload(24 * MiB, 8));
  device = attach() ?? '';
});
afterEach(() => {
  for (const path of attached.splice(0)) detachLoop(path);
});

const flash = (argv: string[], host = {}) =>
  runHere(['flash', 'x.img', ...argv], {
    host: { cwd: folder, env: { PATH: process.env.PATH, XDG_STATE_HOME: folder }, ...host },
  });
/** A standard error that does something when a text is first said. */
function onceSaid(text: string, act: () => void) {
  const chunks: string[] = [];
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      if (String(chunk).includes(text)) act();
      chunks.push(String(chunk));
      done();
    },
  });
  return { stderr, text: () => chunks.join('') };
}

const consent = ['--yes', '--device-serial', backing];
const guids = async (disk: string) => {
  const { stdout } = await runHere(['inspect', disk, '--json']);
  const { diskGuid, partitions, banks, next } = JSON.parse(stdout);
  const ids = [diskGuid, ...partitions.map((one: { guid: string }) => one.guid)];
  return { ids, banks, next };
};

// In CI a judge who stays away is a failure; elsewhere the report says so.
if (given === undefined && process.env.CI) {
  test('loop devices', () => {
    throw new Error('losetup gives none on this machine');
  });
}

describe.skipIf(given === undefined)(
  'flash to a loop device of Linux (skipped where losetup gives none)',
  () => {
    it('makes a disk that sgdisk, fsck.fat and verify find right, with GUIDs of its own', async () => {
      const { code, stdout, stderr } = await flash([device, ...consent, '--json']);
      expect(stderr).toContain(
        `may be erased, as --yes says: ${device} (no model, serial ${backing}, 24.0 MiB`,
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ size: 24 * MiB, readBack: true, checkedBy: 'contents' },
        device: { serial: backing, logicalSector: 512 },
      });
      expect(judge('sgdisk', ['-v', device])).toContain('No problems found');
      for (const start of [1, 5, 9, 14]) {
        writeFileSync(at('part'), readFileSync(backing).subarray(start * MiB, (start + 4) * MiB));
        judge('fsck.fat', ['-n', at('part')]);
      }
      const [ours, image] = [await guids(device), await guids(at('x.img'))];
      expect(ours.next).toBe(5);
      expect(ours.ids.filter((id) => image.ids.includes(id))).toEqual([]);
      expect(new Set([...ours.ids, ...image.ids]).size).toBe(2 * image.ids.length);
      expect((await runHere(['verify', device])).code).toBe(0);
    });

    it('writes no two disks alike, unless it is told to keep the ids', async () => {
      await flash([device, ...consent]);
      const { ids: first } = await guids(device);
      await flash([device, ...consent]);
      expect((await guids(device)).ids.filter((id) => first.includes(id))).toEqual([]);
      await flash([device, ...consent, '--keep-ids']);
      expect((await guids(device)).ids).toEqual((await guids(at('x.img'))).ids);
    });

    it('leaves nothing of the old content where the image has meaning', async () => {
      await flash([device, ...consent, '--keep-ids']);
      const { stdout } = await runHere(['inspect', device, '--json']);
      const { banks, coredump, findings } = JSON.parse(stdout);
      const empty = { generation: 0, bytes: 0, ok: true };
      for (const { stateSlots } of banks) expect(stateSlots).toMatchObject([empty, empty]);
      expect(coredump.state).toBe('empty');
      expect(findings).toEqual([]);
    });

    it('asks at a terminal, and takes nothing but the name', async () => {
      const name = device.split('/').at(-1)!;
      const right = keyboard(`${name}\n`);
      expect((await flash([device], right.host)).code).toBe(0);
      expect(right.text()).toMatch(
        /warning:\S* everything on \/dev\/loop\d+ \(no model, serial \S+, 24\.0 MiB, no part/,
      );
      expect(right.text()).toContain(`Type ${name} to erase it: `);
      const before = readFileSync(backing);
      const wrong = keyboard('yes\n');
      expect((await flash([device], wrong.host)).code).toBe(8);
      expect(wrong.text()).toContain(`expected ${name} to be typed, found "yes"`);
      expect(readFileSync(backing).equals(before)).toBe(true);
    });

    it.each([
      [
        'without a terminal',
        [],
        /expected a terminal to confirm on, or --yes --device-serial \S+,/,
      ],
      ['with --yes alone', ['--yes'], /expected --device-serial beside --yes, found none/],
      [
        'with another serial',
        ['--yes', '--device-serial', 'X'],
        /expected the serial number of \/dev\/loop.*, found "X"/,
      ],
    ])('is refused %s, and changes nothing', async (_, argv, message) => {
      const before = readFileSync(backing);
      const { code, stderr } = await flash([device, ...argv]);
      expect(code).toBe(8);
      expect(stderr).toMatch(message);
      expect(readFileSync(backing).equals(before)).toBe(true);
    });

    it('refuses a device that is too small, read-only, or of larger sectors', async () => {
      const readOnly = attach('--read-only')!;
      const large = attach('--sector-size', '4096')!;
      const small = attach('--sizelimit', String(18 * MiB))!;
      for (const [target, message] of [
        [readOnly, 'expected a device to write to, found a read-only one'],
        [large, 'expected a device with logical sectors of 512 bytes, found 4096'],
        [small, 'expected a device of 19.0 MiB (19922944 bytes) or more, found 18MiB'],
      ] as const) {
        const { code, stderr } = await flash([target, ...consent]);
        expect([code, stderr]).toEqual([8, expect.stringContaining(message)]);
      }
    });

    it('refuses a device that is mounted, or that somebody has claimed', async () => {
      const place = at('mounted');
      mkdirSync(place);
      judge('mkfs.ext4', ['-q', device]);
      judge('mount', [device, place]);
      try {
        const { code, stderr } = await flash([device, ...consent]);
        expect([code, stderr]).toEqual([8, expect.stringContaining(`mounted on ${place}`)]);
        // And every other writer: what is looked at is the same.
        writeFileSync(at('any.tgz'), packState([]));
        for (const argv of [
          ['bank', device, 'confirm'],
          ['state', 'restore', device, at('any.tgz')],
          ['boot', device, '--write', '--engine', 'sim'],
          ['boot', device, '--write'],
          ['oem', 'schema', '--out', device],
        ]) {
          const refused = await runHere(argv);
          expect(refused.stderr).toContain(`mounted on ${place}`);
          expect(refused.code).toBe(8);
        }
      } finally {
        judge('umount', [place]);
      }
      const claim = openFileDevice(device, { exclusive: true });
      try {
        const { code, stderr } = await flash([device, ...consent]);
        expect([code, stderr]).toEqual([8, expect.stringContaining('to have claimed it')]);
      } finally {
        claim.close();
      }
    });

    it('refuses the device that the image is on', async () => {
      await flash([device, ...consent]);
      const { code, stderr } = await runHere(['flash', device, device, ...consent]);
      expect([code, stderr]).toEqual([8, expect.stringContaining('found the image itself')]);
    });

    it('refuses a partition, and the disk that this host runs from', async () => {
      const root = judge('findmnt', ['-no', 'SOURCE', '/']).trim();
      const { code, stderr } = await flash([root, ...consent]);
      expect(code).toBe(8);
      expect(stderr).toMatch(/expected a (disk that this host can lose|whole disk), found/);
    });

    it('ends with 5 when the device goes away meanwhile, and goes on with --resume', async () => {
      // The kernel gives a stick that is pulled out a size of 0; a loop device can be made shorter.
      const { stderr, text } = onceSaid('[2/2]', () => {
        truncateSync(backing, 6 * MiB);
        judge('losetup', ['--set-capacity', device]);
      });
      const { code } = await flash([device, ...consent], { stderr });
      expect(text()).toContain('the device is not there any more, or ends before byte');
      expect(text()).toContain('it holds half an image that nothing boots; flash it again');
      expect(code).toBe(5);
      detachLoop(attached.pop()!);
      truncateSync(backing, 24 * MiB);
      device = attach()!;
      const { code: inspected } = await runHere(['inspect', device]);
      expect(inspected).toBe(6);
      const { stdout, code: resumed } = await flash([device, ...consent, '--resume', '--json']);
      expect(resumed).toBe(0);
      const { dataBytes, writtenBytes } = JSON.parse(stdout);
      expect(writtenBytes).toBeLessThan(dataBytes);
      expect((await runHere(['verify', device])).code).toBe(0);
    });

    it('keeps the state of the target, also over a run that was broken off', async () => {
      const none = await flash([device, ...consent, '--keep-state']);
      expect([none.code, none.stderr]).toEqual([8, expect.stringContaining('a state to keep')]);
      await flash([device, ...consent]);
      const empty = await flash([device, ...consent, '--keep-state']);
      expect([empty.code, empty.stderr]).toEqual([
        8,
        expect.stringContaining('nothing was changed'),
      ]);

      const files = [{ path: 'etc/hostname' as const, bytes: Buffer.from('rig-7\n') }];
      writeFileSync(at('state.tgz'), packState(filesOfSettings(settingsOfFiles(files))));
      const restored = await runHere(['state', 'restore', device, at('state.tgz')]);
      expect(restored.stderr).toBe('');
      const state = async () => {
        const argv = ['state', 'backup', device, at('back.tgz'), '--yes', '--json'];
        const { stdout } = await runHere(argv);
        return { files: JSON.parse(stdout).files, bytes: readFileSync(at('back.tgz')) };
      };
      const before = await state();
      const copies = () => readdirSync(at('twinbank'));

      expect((await flash([device, ...consent, '--keep-state'])).code).toBe(0);
      expect(await state()).toEqual(before);
      expect(copies()).toEqual([]);

      const abort = new AbortController();
      const { stderr } = onceSaid('write: done', () => abort.abort(interrupted('SIGINT')));
      const { signal } = abort;
      const stopped = await flash([device, ...consent, '--keep-state'], { stderr, signal });
      expect(stopped.code).toBe(130);
      const [copy, ...others] = copies();
      expect(others).toEqual([]);
      expect((await runHere(['inspect', device])).code).toBe(6);

      const again = await flash([device, ...consent, '--keep-state', '--resume']);
      expect(again.stderr).toContain('a run which was broken off has kept');
      expect(again.code).toBe(0);
      expect(await state()).toEqual(before);
      expect(copies()).toEqual([]);

      // What a device holds counts more than what is left on the host, which may be another disk's.
      writeFileSync(join(at('twinbank'), copy!), 'of long ago');
      expect((await flash([device, ...consent, '--keep-state'])).code).toBe(0);
      expect(await state()).toEqual(before);
      expect(copies()).toEqual([copy]);
    });
  },
);

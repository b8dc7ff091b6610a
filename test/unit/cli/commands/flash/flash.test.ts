import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Screen } from '../../../../../src/cli/command.ts';
import { packState } from '../../../../../src/state/archive.ts';
import { filesOfSettings, settingsOfFiles } from '../../../../../src/state/settings.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { runHere, sink } from '../../host.ts';

const whole = smallImage().bytes;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-flash-cli-'));
  writeFileSync(join(folder, 'x.img'), whole);
  writeFileSync(join(folder, 'x.img.txt'), 'no disk');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const flash = (...argv: string[]) => runHere(['flash', ...argv], { host: { cwd: folder } });
const disk = () => readFileSync(join(folder, 'd.img'));

/** A standard output that takes bytes, and with `until` goes away after so many. */
function byteSink(until = Number.POSITIVE_INFINITY) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Writable({
    write(chunk, _encoding, done) {
      size += chunk.length;
      if (size > until) return done(Object.assign(new Error('gone'), { code: 'EPIPE' }));
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  stream.on('error', () => {});
  return { stream: stream as Screen, bytes: () => Buffer.concat(chunks) };
}

describe('flash', () => {
  it('writes a disk file and says so, on standard output in one line', async () => {
    const { code, stdout, stderr } = await flash('x.img', 'd.img');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^d\.img: 19MiB, \d+\.\d KiB of it data, read back and verified\n$/);
    expect(stderr).toContain('[2/3] Write the data\n');
    expect(disk().equals(whole)).toBe(true);
  });

  it('gives programs the sizes', async () => {
    const { stdout } = await flash('x.img', 'd.img', '--size', '32MiB', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      image: 'x.img',
      target: 'd.img',
      size: 32 * 2 ** 20,
      checkedBy: 'contents',
      readBack: true,
    });
    expect(disk().length).toBe(32 * 2 ** 20);
  });

  it('replaces a file only with --yes', async () => {
    writeFileSync(join(folder, 'd.img'), 'precious');
    const { code, stderr } = await flash('x.img', 'd.img');
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /d\.img: expected no file of this name, found one; --yes replaces it\n$/,
    );
    expect(disk().toString()).toBe('precious');
    expect((await flash('x.img', 'd.img', '--yes', '--keep-ids')).code).toBe(0);
    expect(disk().equals(whole)).toBe(true);
  });

  it.each([
    [
      ['x.img', 'd.img', '--keep-state'],
      8,
      /d\.img: expected a state to keep, found no such file;/,
    ],
    [
      ['x.img', 'x.img.txt', '--keep-state', '--yes'],
      8,
      /expected a state to keep, found expected a raw, qcow2 or VMDK disk image, found a text file/,
    ],
    [
      ['x.img', 'd.img', '--device-serial', 'x'],
      2,
      /expected a block device as target, found none/,
    ],
    [['x.img', '-', '--keep-state'], 2, /--keep-state: expected a file or a device as target/],
    [['x.img', 'd.img', '--size', '32'], 2, /--size: expected a size such as 2GiB, found "32"/],
    [['x.img', 'd.img', '--size', '1MiB'], 8, /expected a size of 19922944 bytes or more/],
    [['x.img', '-', '--json'], 2, /--json: expected a file as target/],
    [['x.img', '-', '--size', '1GiB'], 2, /--size: expected a file as target/],
    [['x.img', ''], 2, /target: expected a file or -, found an empty text/],
    [['none.img', 'd.img'], 5, /none\.img: could not open it: there is no such file/],
    [['x.img', '/dev/null', '--yes'], 8, /\/dev\/null: expected a plain file, a block device or -/],
  ])('%j ends with %i', async (argv, expected, message) => {
    const { code, stderr } = await flash(...argv);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });

  it('keeps the state of the file that it replaces', async () => {
    const files = [{ path: 'etc/hostname' as const, bytes: Buffer.from('rig-7\n') }];
    const state = packState(filesOfSettings(settingsOfFiles(files)));
    writeFileSync(join(folder, 'state.tgz'), state);
    const here = (...argv: string[]) => runHere(argv, { host: { cwd: folder } });
    await flash('x.img', 'd.img');
    expect((await here('state', 'restore', 'd.img', 'state.tgz')).code).toBe(0);
    expect((await flash('x.img', 'd.img', '--yes', '--keep-state')).code).toBe(0);
    expect((await here('state', 'backup', 'd.img', 'back.tgz')).code).toBe(0);
    expect(readFileSync(join(folder, 'back.tgz')).equals(state)).toBe(true);
    expect((await here('verify', 'd.img')).code).toBe(0);
    await flash('x.img', 'd.img', '--yes');
    expect(disk().equals(whole)).toBe(true);
  });

  it('ends with 6 for a truncated image, and makes nothing', async () => {
    writeFileSync(join(folder, 'x.img'), whole.subarray(0, 8 * 2 ** 20));
    const { code, stderr } = await flash('x.img', 'd.img');
    expect(code).toBe(6);
    expect(stderr).toMatch(/x\.img: expected an image without damage, found: .* cut short\n$/);
    expect(disk).toThrow('ENOENT');
  });
});

describe('flash to standard output', () => {
  const to = (stdout: Screen) =>
    runHere(['flash', 'x.img', '-', '--quiet'], { host: { cwd: folder, stdout } });

  it('writes every byte of the image and nothing else', async () => {
    const { stream, bytes } = byteSink();
    expect((await to(stream)).code).toBe(0);
    expect(bytes().equals(whole)).toBe(true);
  });

  it('ends with 5 when the reader goes away before the end', async () => {
    const { code, stderr } = await to(byteSink(3 * 2 ** 20).stream);
    expect(code).toBe(5);
    expect(stderr).toMatch(/expected a reader to the end, found it gone after \d+ of 19922944/);
  });

  it('is refused on a terminal', async () => {
    expect((await to(sink({ isTTY: true }).stream)).code).toBe(8);
  });

  it('ends at a signal although the reader never reads', async () => {
    const abort = new AbortController();
    const stuck = new Writable({
      write: () => void setTimeout(() => abort.abort(), 10),
    }) as Screen;
    const host = { cwd: folder, stdout: stuck, signal: abort.signal };
    const { code } = await runHere(['flash', 'x.img', '-'], { host });
    expect(code).not.toBe(0);
  });
});

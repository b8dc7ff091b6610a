import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputPlace } from '../../../src/disk/output-place.ts';
import { temporaryImage } from '../../../src/disk/temporary-image.ts';
import { runHere } from '../cli/host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-place-'));
  writeFileSync(at('plain'), 'x');
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('plain', at('to-plain'));
  symlinkSync('folder/none', at('to-nothing'));
  symlinkSync('loop', at('loop'));
  symlinkSync('/dev/twinbank-none', at('to-device'));
  symlinkSync('/dev/stdout', at('to-stdout'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

describe('the place of an output', () => {
  it.each([
    ['plain', 'file', 'plain'],
    ['new', 'file', 'new'],
    ['to-plain', 'file', 'plain'],
    ['to-nothing', 'file', 'folder/none'],
    ['folder', 'folder', 'folder'],
    ['pipe', 'pipe', 'pipe'],
  ])('of %s is a %s, %s', (name, kind, path) => {
    expect(outputPlace(at(name))).toMatchObject({ kind, path: at(path) });
  });

  it('is a device where there is one, and what we were started with where that is meant', () => {
    expect(outputPlace('/dev/null')).toMatchObject({ kind: 'character-device' });
    for (const path of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', at('to-stdout')]) {
      expect(outputPlace(path)).toEqual({ kind: 'descriptor', fd: 1 });
    }
  });

  it('is refused in a circle of links', () => {
    expect(() => outputPlace(at('loop'))).toThrow(/ELOOP|links without an end/);
  });

  it.each(['/dev/twinbank-none', '/dev/twinbank-none/by-id/x', 'to-device'])(
    'is refused where it is missing below /dev: %s',
    (name) => {
      const path = name.startsWith('/') ? name : at(name);
      const refusal = expect.objectContaining({ kind: 'refused', code: 'output.no-device' });
      expect(() => outputPlace(path)).toThrow(refusal);
      expect(() => outputPlace(path)).toThrow(`${path}: expected a device that is there`);
    },
  );
});

describe('a missing name below /dev', () => {
  it('is no file to flash to, whatever else is asked for', async () => {
    writeFileSync(at('x.img'), 'no image');
    for (const more of [[], ['--yes', '--device-serial', 'X'], ['--size', '1GiB']]) {
      const argv = ['flash', 'x.img', '/dev/twinbank-none', ...more];
      const { code, stderr } = await runHere(argv, { host: { cwd: folder } });
      expect([code, stderr]).toEqual([
        8,
        expect.stringContaining('/dev/twinbank-none: expected a device that is there, found none'),
      ]);
    }
  });

  it('is no folder to build in', async () => {
    const made = temporaryImage('/dev/twinbank-none/out', 1, async () => {});
    await expect(made).rejects.toMatchObject({ kind: 'refused', code: 'output.no-device' });
    expect(existsSync('/dev/twinbank-none')).toBe(false);
  });
});

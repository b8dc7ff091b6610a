import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { errnoIn, namedAt, refusedAt } from '../../../src/diagnostics/system-error.ts';
import { withRemedy } from '../../../src/host/own-folders.ts';

const env = { TWINBANK_CACHE: '/c', XDG_STATE_HOME: '/s', TMPDIR: '/t' };
const thrown = (code: string, rest: object = {}) =>
  Object.assign(new Error(`${code}: reason, write`), { code, syscall: 'write', ...rest });
const remedyOf = (code: string, path: string, action = 'write') =>
  withRemedy(refusedAt(path, action, thrown(code))!, env).message;

describe('a failure to write', () => {
  it.each([
    [
      'ENOSPC',
      '/c/objects/ab',
      '/c: could not write the cache: no space is left on its file system; free some, or set TWINBANK_CACHE to a folder on another file system',
    ],
    [
      'EDQUOT',
      '/t/twinbank-disk-17-a1b2-c3d4-XyZ123/disk.img',
      '/t: could not write temporary files: the disk quota is used up; free some, or set TMPDIR to a folder on another file system',
    ],
    [
      'EACCES',
      '/c/objects/ab',
      '/c/objects/ab: could not write the cache: the permission is missing; set TWINBANK_CACHE to a folder that this user may write',
    ],
    [
      'EROFS',
      '/s/twinbank/x.state.tgz',
      '/s/twinbank/x.state.tgz: could not write the kept state: the file system is read-only; set XDG_STATE_HOME to a folder that this user may write',
    ],
    [
      'EFBIG',
      '/o/x.img',
      '/o/x.img: could not write it: its file system, or a limit (ulimit -f), takes no file of this size; free some, or write to another file system',
    ],
    [
      'EPERM',
      '/o/x.img',
      '/o/x.img: could not write it: the permission is missing; name a place that this user may write',
    ],
    [
      'ENOTDIR',
      '/c/objects',
      '/c/objects: could not write the cache: a part of the path is not a directory; set TWINBANK_CACHE to a folder that this user may write',
    ],
    // What others keep there, and a folder with a name that begins like ours.
    [
      'EROFS',
      '/t/x.img',
      '/t/x.img: could not write it: the file system is read-only; name a place that this user may write',
    ],
    [
      'ENOSPC',
      '/t/twinbank-out/x.img',
      '/t/twinbank-out/x.img: could not write it: no space is left on its file system; free some, or write to another file system',
    ],
    [
      'ENOSPC',
      '/cache/x',
      '/cache/x: could not write it: no space is left on its file system; free some, or write to another file system',
    ],
  ])('%s at %s says the place and what to set', (code, path, message) => {
    expect(remedyOf(code, path)).toBe(message);
  });

  it('of a file that may not be read advises no other place', () => {
    expect(remedyOf('EACCES', '/o/x.img', 'open')).toBe(
      '/o/x.img: could not open it: the permission is missing',
    );
    const other = new TwinbankError('io', 'x', 'x', { data: { errno: 'ENOENT', path: '/c/x' } });
    expect(withRemedy(other, env)).toBe(other);
  });

  it('has the path of its call, of a copy the one that is written, else that of its folder', () => {
    const path = (error: unknown) => (namedAt('/f', error) as TwinbankError).data?.path;
    expect(path(thrown('ENOSPC'))).toBe('/f');
    expect(path(thrown('ENOSPC', { path: '/f/x' }))).toBe('/f/x');
    expect(path(thrown('ENOSPC', { syscall: 'copyfile', path: '/a', dest: '/b' }))).toBe('/b');
    const said = new TwinbankError('io', 'host.tool-failed', 'x', { data: { errno: 'EROFS' } });
    expect(path(said)).toBe('/f');
    // A connection that may not be made is no folder's fault.
    const refused = thrown('EACCES', { syscall: 'connect' });
    expect(namedAt('/f', refused)).toBe(refused);
  });

  it('is known by what programs say of it', () => {
    expect(errnoIn('Write failed because No space left on device\nFATAL ERROR')).toBe('ENOSPC');
    expect(errnoIn('npm error code ENOSPC')).toBe('ENOSPC');
    expect(errnoIn("grub-mkimage: error: cannot open `x': Read-only file system.")).toBe('EROFS');
    expect(errnoIn('Permission denied')).toBeUndefined();
  });
});

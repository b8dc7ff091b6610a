import { describe, expect, it } from 'vitest';
import { nfs, parseNfsDatastore, sourceOf } from '../../../src/state/nfs-settings.ts';

const one = { name: 'nas1', server: 'nas.example', path: '/vm' };

describe('K4: settings of datastores on servers', () => {
  it('have the standard port, and are not read-only, unless they say so', () => {
    const parsed = parseNfsDatastore(one, 'x');
    expect(parsed).toEqual({ ...one, port: 2049, readOnly: false });
    expect(sourceOf(parsed)).toBe('nas.example:/vm');
    expect(sourceOf({ ...parsed, port: 99 })).toBe('nas.example port 99:/vm');
  });

  it.each([
    [{ name: 'a/b' }, 'x.name: expected at most 80 characters of ASCII without /, found "a/b"'],
    [{ server: '::1' }, 'x.server: expected a host name or an IPv4 address, found "::1"'],
    [{ server: 'a,b' }, 'x.server: expected a host name or an IPv4 address, found "a,b"'],
    [
      { path: 'vm' },
      'x.path: expected an absolute path of at most 255 characters of ASCII, found "vm"',
    ],
    [{ path: '/a\nb' }, 'x.path: expected an absolute path of at most 255'],
    [{ port: 0 }, 'x.port: expected a whole number from 1 to 65535, found 0'],
    [{ readOnly: 1 }, 'x.readOnly: expected true or false, found 1'],
    [{ user: 'a' }, 'x: expected no members but'],
  ])('are refused in one sentence: %j', (wrong, sentence) => {
    expect(() => parseNfsDatastore({ ...one, ...wrong }, 'x')).toThrow(sentence);
  });

  it('name each datastore and each folder once', () => {
    const parse = (datastores: unknown) => () => nfs.parse({ datastores });
    expect(parse([one, { ...one, path: '/b' }])).toThrow(/\[1\].name: expected each name once/);
    expect(parse([one, { ...one, name: 'b' }])).toThrow(/\[1\].path: expected each folder/);
  });
});

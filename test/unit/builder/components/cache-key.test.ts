import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheKey } from '../../../../src/builder/components/cache-key.ts';
import { homeFolder } from '../../../../src/host/home-folder.ts';
import { temporaryDirectory } from './surroundings.ts';

function newState() {
  const folder = join(temporaryDirectory(), 'state', 'twinbank');
  const path = join(folder, 'cache.key');
  const told: string[] = [];
  const key = () =>
    cacheKey(
      () => folder,
      (event) => void told.push(JSON.stringify(event)),
    );
  return { folder, path, told, key };
}

describe('cacheKey', () => {
  it('is made once, for its user alone', () => {
    const { key, path, folder, told } = newState();
    const first = key();
    expect(first).toHaveLength(32);
    expect(key()).toEqual(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['cache.key']);
    expect(newState().key()).not.toEqual(first);
    expect(told).toEqual([]);
  });

  it.each([
    ['that others may read', (path: string) => chmodSync(path, 0o640), 'found mode 0640'],
    ['that is cut short', (path: string) => truncateSync(path, 31), 'found 31 bytes'],
    [
      'that is a link',
      (path: string) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
      'found a link',
    ],
  ])('is not taken from a file %s, which a warning says', (_, spoil, found) => {
    const { key, path, told } = newState();
    const first = key();
    spoil(path);
    const [one, other] = [key(), key()];
    expect(one).toHaveLength(32);
    expect([first, other]).not.toContainEqual(one);
    expect(told).toHaveLength(2);
    expect(told[0]).toContain(found);
    expect(told[0]).toContain('what they have built is made again');
  });

  it('is one of this run alone where none can be kept, which a warning says', () => {
    const { folder, told, key } = newState();
    mkdirSync(join(folder, '..'));
    writeFileSync(folder, 'a file');
    expect(key()).toHaveLength(32);
    const none = () => {
      throw new Error('no such user');
    };
    symlinkSync('nowhere', `${folder}-link`);
    expect(
      cacheKey(
        () => `${folder}-link`,
        (event) => void told.push(JSON.stringify(event)),
      ),
    ).toHaveLength(32);
    expect(told.pop()).toContain(`${folder}-link`);
    const nowhere = () => homeFolder({}, 'XDG_STATE_HOME', none);
    expect(cacheKey(nowhere, (event) => void told.push(JSON.stringify(event)))).toHaveLength(32);
    expect(told[0]).toContain(folder);
    expect(told[1]).toContain('set XDG_STATE_HOME');
    expect(existsSync(join(folder, 'cache.key'))).toBe(false);
  });
});

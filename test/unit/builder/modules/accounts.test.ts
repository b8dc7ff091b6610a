import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { accountFiles } from '../../../../src/builder/modules/accounts.ts';
import { agents } from '../../../../src/runtime/agents/registry.ts';
import { readConfiguration } from '../../../../src/runtime/vmkernel/state/configuration.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

/** The files of the image, written into a folder. */
function written(rows: Parameters<typeof accountFiles>[0]) {
  const root = temporaryFiles({ 'etc/hostname': 'localhost\n' });
  const texts: Record<string, string> = {};
  for (const [path, entry] of accountFiles(rows)) {
    if (entry.type !== 'file') throw new Error(`${path}: expected a file`);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), entry.data);
    texts[path] = Buffer.from(entry.data).toString();
  }
  return { root, texts };
}
const lines = (text = ''): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':'));

test('makes users of the system and of its agents, each with a group that is there', () => {
  const { texts } = written([
    { name: 'lamp', description: 'A lamp', user: { uid: 142, gid: 142 } },
    { name: 'rootling', description: 'Runs as root' },
  ]);
  expect(texts['etc/passwd']).toBe(
    'root:x:0:0:Administrator:/:/bin/sh\n' +
      'dcui:x:100:100:DCUI:/:/bin/false\n' +
      'vpxuser:x:500:100:Central manager:/:/bin/false\n' +
      'lamp:x:142:142:A lamp:/:/bin/false\n' +
      'nobody:x:65534:65534:Nobody:/:/bin/false\n',
  );
  expect(texts['etc/group']).toContain('lamp:x:142:\n');
  const gids = lines(texts['etc/group']).map(([, , gid]) => gid);
  expect(gids).toEqual(expect.arrayContaining(lines(texts['etc/passwd']).map((one) => one[3])));
  expect(new Set(gids).size).toBe(gids.length);
});

test('K5: has a shadow in which root waits for its first password, and everybody else is locked', () => {
  const { root, texts } = written(agents);
  const accounts = (file: string) => lines(texts[file]).map((line) => line.slice(0, 2));
  const passwd = accounts('etc/passwd');
  expect(passwd.every(([, field]) => field === 'x')).toBe(true);
  expect(accounts('etc/shadow')).toEqual(
    passwd.map(([name]) => [name, name === 'root' ? '' : '!']),
  );
  const configuration = { settings: { hostname: 'localhost' }, carried: [], problems: [] };
  expect(readConfiguration(root)).toEqual(configuration);
  // What the system's own files say is no other account.
  const system = resolve(import.meta.dirname, '../../../../src/runtime/image/system');
  expect(readConfiguration(system)).toEqual(configuration);
});

test.each([
  ['a number', { name: 'lamp', uid: 100 }, 'user lamp: expected a name and a number of its own'],
  ['a name', { name: 'nobody', uid: 142 }, 'user nobody: expected a name and a number of its own'],
])('refuses an agent with %s that is taken', (_what, { name, uid }, message) => {
  const user = { uid, gid: uid };
  expect(() => accountFiles([{ name, description: 'A lamp', user }])).toThrow(message);
});

test('refuses two agents with one number', () => {
  const user = { uid: 142, gid: 142 };
  const two = ['a', 'b'].map((name) => ({ name, description: name, user }));
  expect(() => accountFiles(two)).toThrow(
    'user b: expected a name and a number of its own, found a with one of them (142)',
  );
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundle } from '../../../../src/builder/modules/bundle.ts';
import { temporaryDirectory } from '../../../unit/builder/components/surroundings.ts';

const { data } = await bundle('src/runtime/engine-check/main.ts', { target: 'node20.19' });

/** Problems that the check of the engine finds in the Node of the tests, after `broken` ran in it. */
function problemsOf(broken: string, leftOut: readonly object[] = [], below = ''): string[] {
  const folder = join(temporaryDirectory(), below);
  mkdirSync(folder, { recursive: true });
  const [check, preload, out] = ['check.mjs', 'broken.cjs', 'problems.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(check, data);
  writeFileSync(preload, broken);
  const input = JSON.stringify({ engine: [process.execPath], leftOut });
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stderr, status } = spawnSync(process.execPath, ['-r', preload, check, out, input], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return JSON.parse(readFileSync(out, 'utf8'));
}

it('finds nothing in a whole Node', () => {
  expect(problemsOf('')).toEqual([]);
});

it.each([
  ['Intl', "Intl.PluralRules.prototype.select = () => 'other'"],
  ['text', 'String.prototype.normalize = function () { return String(this) }'],
  ['hashes', "const c = require('crypto'); c.pbkdf2Sync = () => Buffer.alloc(8)"],
  ['keys', "const c = require('crypto'); c.verify = () => true"],
  ['compression', "const z = require('zlib'); z.crc32 = () => 0"],
  ['streams', "require('stream/promises').pipeline = async () => {}"],
  ['language', 'Math.imul = () => 0'],
  ['HTTP', "globalThis.fetch = async () => { throw new Error('no fetch') }"],
  ['TLS', "require('tls').checkServerIdentity = () => new Error('no name')"],
  ['workers', 'Atomics.load = () => 0'],
])('names %s where that is broken', (name, broken) => {
  const problems = problemsOf(broken);
  expect(problems.map((one) => one.split(':')[0])).toContain(name);
});

it('says which part that should be left out is there', () => {
  const leftOut = [{ imported: 'node:path', message: 'node:path was left out' }];
  expect(problemsOf('', leftOut)).toEqual(['what is left out: Missing expected rejection.']);
});

it('runs in a folder whose path is longer than that of a socket may be', () => {
  // As libuv does from Node 22 on; before, it cut the path off and said nothing.
  const strict = `const { Server } = require('net');
    const { listen } = Server.prototype;
    Server.prototype.listen = function (...args) {
      if (String(args[0]).length > 107) throw new Error('path too long: ' + args[0]);
      return listen.apply(this, args);
    };`;
  expect(problemsOf(strict, [], 'long-name-'.repeat(15))).toEqual([]);
});

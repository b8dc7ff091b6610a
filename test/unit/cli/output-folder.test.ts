import { lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjsonLine } from '../../../src/harness/report/ndjson.ts';
import { exampleRun } from '../../support/report/example-run.ts';
import { runHere } from './host.ts';

const scenario = resolve(import.meta.dirname, '../../../scenarios/first-boot.yaml');
const folder = mkdtempSync(join(tmpdir(), 'twinbank-out-'));
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  writeFileSync(at('file'), 'precious');
  writeFileSync(at('run.ndjson'), exampleRun().map(ndjsonLine).join(''));
  // It is refused later than its folder, so that nothing is built.
  writeFileSync(at('bad.yaml'), 'extends: twinbank:none\n');
  symlinkSync('nowhere', at('dangling'));
  symlinkSync('file', at('link'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands: readonly (readonly [string, (out: string) => string[]])[] = [
  ['new', (out) => ['new', out, '--name', 'acme']],
  ['oem new', (out) => ['oem', 'new', out, '--name', 'acme']],
  ['keys new', (out) => ['keys', 'new', out]],
  ['build', (out) => ['build', 'bad.yaml', '--out', out]],
  ['try', (out) => ['try', 'bad.yaml', '--out', out]],
  ['test', (out) => ['test', scenario, '--engine', 'sim', '--artefacts', out]],
  ['report', (out) => ['report', 'run.ndjson', '--html', `${out}/x.html`]],
];

describe.each(commands)('the output folder of %s', (_name, argv) => {
  it.each([
    ['file', 'a file'],
    ['link', 'a file'],
    ['file/x', `${at('file')}, which is a file`],
    ['dangling', 'a link that leads to nothing'],
    ['dangling/x', `${at('dangling')}, which is a link that leads to nothing`],
  ])('is refused in one sentence as %s', async (out, found) => {
    const env = { PATH: process.env.PATH, TWINBANK_PASSPHRASE: '', TWINBANK_CACHE: at('cache') };
    const { code, stderr } = await runHere(argv(out), { host: { cwd: folder, env } });
    expect(stderr).toBe(
      `twinbank: ${out}: expected a folder, or a name to make one of, found ${found}\n`,
    );
    expect(code).toBe(5);
    expect(readdirSync(folder).sort()).toEqual([
      ...['bad.yaml', 'dangling', 'file', 'link', 'run.ndjson'],
    ]);
    expect(lstatSync(at('dangling')).isSymbolicLink()).toBe(true);
  });
});

describe.each([[['new']], [['oem', 'new']]])('the folder of %j', (command) => {
  it('is not there after a failure, nor are those above it that were made', async () => {
    const before = readdirSync(folder);
    // It can be made itself; what is made below it has longer paths than a system takes (4095 bytes).
    const long = 'd'.repeat(200);
    const names = Array.from({ length: Math.floor((4090 - folder.length) / 201) }, () => long);
    const rest = 4080 - join(folder, ...names).length;
    const out = join(...names, ...(rest > 1 ? ['e'.repeat(Math.min(rest, 200))] : []));
    const argv = [...command, out, '--name', 'acme'];
    const { code, stderr } = await runHere(argv, { host: { cwd: folder } });
    expect(stderr).toContain('name too long');
    expect(code).toBe(5);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('a cache that is a link to nothing', () => {
  it('is named, with what to set', async () => {
    const env = { PATH: process.env.PATH, TWINBANK_CACHE: at('dangling') };
    const { code, stderr } = await runHere(['build', 'twinbank:default', '--out', 'out'], {
      host: { cwd: folder, env },
    });
    expect(stderr).toContain(
      'could not write the cache: something else has its name; set TWINBANK_CACHE',
    );
    expect(code).toBe(5);
  });
});

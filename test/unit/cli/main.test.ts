import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerMark } from '../../../src/host/process-owner.ts';
import { writeSmallRecipe } from '../../oracle/builder/small-recipe.ts';
import { smallImage } from '../bootloader/small-image.ts';
import { runHere } from './host.ts';

// The program as it is shipped, in a copy of its own: dist/ may be in use.
const root = resolve(import.meta.dirname, '../../..');
const outdir = join('out', `test-cli-${process.pid}`);
const program = join(root, outdir, 'twinbank.js');
let folder = '';

beforeAll(() => {
  execFileSync('node', ['scripts/build.mjs', outdir], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => {
  rmSync(join(root, outdir), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const twinbank = (...argv: string[]) =>
  spawnSync(process.execPath, [program, ...argv], { cwd: folder, encoding: 'utf8' });

describe('the built command line', () => {
  it('prints its version', () => {
    const { status, stdout, stderr } = twinbank('--version');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('refuses an older Node in one sentence, with the code of a missing tool', () => {
    const older = 'Object.defineProperty(process,"versions",{value:{node:"18.1.0"}})';
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${older}`, program, 'doctor'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(4);
    expect(stderr).toBe('twinbank: expected Node 20.19 or newer, found 18.1.0\n');
  });

  it('runs as a program of its own', () => {
    expect(spawnSync(program, ['--version']).status).toBe(0);
  });

  it('lays out its help as the parser would that is not bundled', async () => {
    for (const argv of [['--help'], ['build', '--help'], ['keys', 'new', '--help']]) {
      const { stdout } = await runHere(argv);
      expect(twinbank(...argv).stdout).toBe(stdout);
    }
  });

  it('refuses a command that is none with 2', () => {
    const { status, stderr } = twinbank('docter');
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean doctor?');
  });

  it('shows each problem of a recipe once, its place first, and ends with 3', () => {
    writeFileSync(join(folder, 'x.yaml'), 'bank:\n  size: "48"\n  sise: 1MiB\n');
    const { status, stdout, stderr } = twinbank('recipe', 'check', 'x.yaml');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/^x\.yaml:2:9 bank\.size: expected a size such as 48MiB, found "48"$/m);
    expect(stderr.match(/bank\.size/g)).toHaveLength(1);
    expect(stderr).toMatch(/did you mean "size"/);
    const json = twinbank('recipe', 'check', 'x.yaml', '--json');
    expect(JSON.parse(json.stdout).error.code).toBe('recipe.invalid');
  });

  it('says which file could not be written, and ends with 5', () => {
    const { status, stderr } = twinbank('recipe', 'schema', '--out', 'none/x.json');
    expect(status).toBe(5);
    const message = 'none/x.json: expected the folder none to write to, found none';
    expect(stderr).toBe(`twinbank: ${message}\n`);
  });

  it('says where no space is left or nothing may be written, and what to set', async () => {
    writeFileSync(join(folder, 'i.img'), smallImage().bytes);
    execFileSync('gzip', ['-k', 'i.img'], { cwd: folder });
    const recipe = writeSmallRecipe(folder);
    // A user namespace may mount, and nobody outside sees what.
    const script = `mkdir full read-only
      mount -t tmpfs -o size=64k full full
      head -c 60k /dev/zero >full/fill
      mount -t tmpfs -o ro read-only read-only
      try() { "$@" 2>&1 >&3 | tail -n 1; }
      TMPDIR=full try twinbank flash i.img.gz d.img
      TWINBANK_CACHE=full/cache try twinbank build ${recipe} --out d
      try twinbank oem new full/oem
      TWINBANK_CACHE=read-only/cache try twinbank build ${recipe} --out d
      try twinbank flash i.img read-only/d.img
      try twinbank recipe schema 3>full/schema`;
    const shell = `exec 3>/dev/null; twinbank() { '${process.execPath}' '${program}' "$@"; }; ${script}`;
    const args = ['--mount', '--map-root-user', 'bash', '-c', shell];
    const { stdout, stderr } = spawnSync('unshare', args, { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    const room = 'no space is left on its file system; free some, or';
    const closed = 'the file system is read-only;';
    const lines = stdout.replaceAll(`${folder}/`, '').trim().split('\n');
    expect(lines.map((line) => line.replace(/^twinbank: /, ''))).toEqual([
      `i.img.gz: unpacking to full: could not write it: ${room} set TMPDIR to a folder on another file system`,
      `full/cache: could not write the cache: ${room} set TWINBANK_CACHE to a folder on another file system`,
      `full/oem/provider.yaml: could not write it: ${room} write to another file system`,
      `read-only/cache: could not write the cache: ${closed} set TWINBANK_CACHE to a folder that this user may write`,
      `read-only/d.img: could not write it: ${closed} name a place that this user may write`,
      `standard output: could not write it: ${room} write to another file system`,
    ]);
  });

  it('removes what a run that was killed has left in the folder for temporary files', () => {
    const [, world, birth] = ownerMark().split('-');
    const temporary = join(folder, 'temporary');
    mkdirSync(join(temporary, `twinbank-disk-4194305-${world}-${birth}-aB3xYz`), {
      recursive: true,
    });
    const env = { ...process.env, TMPDIR: temporary };
    expect(spawnSync(process.execPath, [program, 'keys', '--help'], { env }).status).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('says that the current folder was removed', () => {
    const gone = join(folder, 'gone');
    const line = `mkdir ${gone}; cd ${gone}; rmdir ${gone}; ${process.execPath} ${program} recipe check x.yaml`;
    const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    expect(status).toBe(5);
    expect(stderr).toBe(
      'twinbank: current folder: expected one that exists, found that it was removed; change to another one (cd)\n',
    );
  });

  it('ends quietly when its reader goes', () => {
    const line = `${process.execPath} ${program} recipe schema | head -n 1; echo $\{PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '{\n0\n', stderr: '' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends by %s with %d', async (signal, code) => {
    // A tool that never answers keeps doctor busy; it says when it is called.
    const tool = join(folder, 'xz');
    writeFileSync(tool, '#!/bin/sh\n: > "$0.called"\nexec sleep 60\n');
    chmodSync(tool, 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const child = spawn(process.execPath, [program, 'doctor', '--json'], { env });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    const ended = new Promise((done) => child.once('close', done));
    await expect
      .poll(() => spawnSync('test', ['-e', `${tool}.called`]).status, { timeout: 20_000 })
      .toBe(0);
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'cli.interrupted' });
    rmSync(`${tool}.called`);
  });

  it.each([
    [['verify', 'x.img', '--key', 'pipe']],
    [['report', 'pipe']],
    [['keys', 'show', 'pipe']],
    [['state', 'restore', 'x.img', 'pipe']],
    [['build', 'pipe.yaml', '--locked']],
  ])('ends by SIGTERM while %j waits for the writer of a pipe', async (argv) => {
    writeFileSync(join(folder, 'pipe.yaml'), 'extends: twinbank:default\n');
    const pipe = join(folder, argv[0] === 'build' ? 'pipe.lock.yaml' : 'pipe');
    execFileSync('mkfifo', [pipe]);
    const env = { ...process.env, TWINBANK_CACHE: join(folder, 'cache') };
    const child = spawn(process.execPath, [program, ...argv], { cwd: folder, env });
    const ended = new Promise((done) => child.once('exit', (code) => done(code)));
    // It is read once somebody can open it to write, who then writes nothing.
    const open = () => openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    let writer = 0;
    await expect.poll(() => (writer = open()), { timeout: 20_000 }).toBeGreaterThan(0);
    child.kill('SIGTERM');
    const hung = setTimeout(() => child.kill('SIGKILL'), 20_000);
    expect(await ended).toBe(143);
    clearTimeout(hung);
    closeSync(writer);
    rmSync(pipe);
  });

  it.each([
    ['nohup', 'nohup'],
    ['a parent that ignores it', "trap '' HUP; env"],
  ])('goes on after SIGHUP when it was started by %s', (_what, start) => {
    const tool = join(folder, 'xz');
    writeFileSync(tool, '#!/bin/sh\nkill -HUP $PPID\n: > "$0.called"\n');
    chmodSync(tool, 0o755);
    const line = `${start} '${process.execPath}' '${program}' doctor --json; true`;
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout } = spawnSync('bash', ['-c', line], { env, encoding: 'utf8' });
    expect(readdirSync(folder)).toContain('xz.called');
    expect(JSON.parse(stdout)).not.toHaveProperty('error.code', 'cli.interrupted');
    expect(JSON.parse(stdout)).toHaveProperty('tools');
    rmSync(`${tool}.called`);
  });
});

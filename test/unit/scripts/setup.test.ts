import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../../scripts/setup');
const used = [
  'bash',
  'cat',
  'dirname',
  'env',
  'find',
  'flock',
  'mktemp',
  'node',
  'rm',
  'sha256sum',
];

// A project in a folder of its own, whose "doctor" says that what the file `missing` names is missing,
// and a PATH on which npm, apt-get, sudo and id only write down that they were called.
let folder = '';

function write(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function stub(name: string, body: string): void {
  write(`bin/${name}`, `#!/bin/bash\n${body}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-'));
  mkdirSync(join(folder, 'bin'));
  for (const tool of used) {
    const path = spawnSync('which', [tool], { encoding: 'utf8' }).stdout.trim();
    // No link: a test that puts its own stub there would write through it.
    if (path) stub(tool, `exec ${path} "$@"`);
  }
  write('scripts/build.mjs', 'console.log("built")');
  copyFileSync(script, join(folder, 'scripts/setup'));
  write('src/x.ts', '');
  write('package.json', '{}');
  write('package-lock.json', '{}');
  write('node_modules/.package-lock.json', '{}');
  write('missing', '');
  write(
    'dist/twinbank.js',
    "process.stdout.write(require('node:fs').readFileSync('missing', 'utf8'))",
  );
  const past = new Date(Date.now() - 60_000);
  for (const file of [
    'src/x.ts',
    'src',
    'scripts/build.mjs',
    'package.json',
    'package-lock.json',
  ]) {
    utimesSync(join(folder, file), past, past);
  }
  stub('npm', 'echo "npm $*" >> calls; echo "npm says $*"');
  stub('apt-get', 'echo "apt-get $*" >> calls; [ "$1" = update ] || : > missing');
  stub('sudo', 'exit 1');
  stub('id', 'echo 0');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function setup(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(
    join(folder, 'bin/bash'),
    [join(folder, 'scripts/setup'), ...argv],
    { cwd: tmpdir(), env: { PATH: join(folder, 'bin'), TMPDIR: folder }, encoding: 'utf8' },
  );
  const calls = existsSync(join(folder, 'calls'))
    ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
    : [];
  return { status, stdout, stderr, calls };
}

const nothing = { status: 0, stdout: '', stderr: '', calls: [] };

describe('scripts/setup', () => {
  it('does and says nothing when all is there', () => {
    expect(setup()).toEqual(nothing);
    expect(setup('--tests')).toEqual(nothing);
  });

  it('installs npm packages when the lock file has changed, once', () => {
    setup();
    write('package-lock.json', '{"changed": true}');
    const future = new Date(Date.now() + 60_000);
    utimesSync(join(folder, 'package-lock.json'), future, future);
    utimesSync(join(folder, 'dist/twinbank.js'), future, future);
    const first = setup();
    expect(first.calls).toEqual(['npm ci --no-audit --no-fund --loglevel=error']);
    expect(first.stderr).toBe('setup: installing npm packages\n');
    expect(setup()).toMatchObject({ stderr: '', calls: first.calls });
  });

  it('shows what npm said only when it failed', () => {
    rmSync(join(folder, 'node_modules'), { recursive: true });
    stub('npm', 'echo "npm says no"; exit 1');
    const { status, stderr } = setup();
    expect(status).toBe(5);
    expect(stderr).toContain('npm says no\nsetup: failed with exit code 1: npm ci');
  });

  it('builds when a source is newer, or when one was deleted', () => {
    stub(
      'node',
      `[[ $1 != scripts/build.mjs ]] || echo build >> calls; exec ${process.execPath} "$@"`,
    );
    const future = new Date(Date.now() + 60_000);
    utimesSync(join(folder, 'dist/twinbank.js'), future, future);
    expect(setup().calls).toEqual([]);
    const later = new Date(Date.now() + 120_000);
    utimesSync(join(folder, 'src'), later, later);
    expect(setup().calls).toEqual(['build']);
  });

  it('installs missing tools as root, after an update of the package lists', () => {
    write('missing', 'xz-utils\nzstd\n');
    const { status, stderr, calls } = setup();
    expect(status).toBe(0);
    expect(stderr).toBe('setup: installing xz-utils zstd\n');
    expect(calls).toEqual([
      'apt-get update -q',
      'apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 xz-utils zstd',
    ]);
  });

  it('goes on when one source of packages cannot be reached', () => {
    write('missing', 'zstd\n');
    stub('apt-get', 'if [ "$1" = update ]; then echo unreachable; exit 100; fi; : > missing');
    const { status, stderr } = setup();
    expect(status).toBe(0);
    expect(stderr).toContain('going on with the package lists that are there');
  });

  it('uses sudo where it asks for no password', () => {
    write('missing', 'zstd\n');
    stub('id', 'echo 1000');
    stub('sudo', 'shift; "$@"');
    expect(setup().calls).toHaveLength(2);
  });

  it('gives the exact command to run, and ends with 4, without root', () => {
    write('missing', 'xz-utils\nzstd\n');
    stub('id', 'echo 1000');
    const { status, stderr, calls } = setup();
    expect(status).toBe(4);
    expect(calls).toEqual([]);
    expect(stderr).toContain(
      '\napt-get update && apt-get install -y --no-install-recommends xz-utils zstd\n',
    );
  });

  it('names the tools, and ends with 4, where there is no apt-get', () => {
    write('missing', 'zstd\n');
    rmSync(join(folder, 'bin/apt-get'));
    const { status, stderr } = setup();
    expect(status).toBe(4);
    expect(stderr).toContain('zstd\nsetup: this system has no apt-get');
  });

  it('ends with 4 when a tool is still missing afterwards', () => {
    write('missing', 'zstd\n');
    stub('apt-get', 'exit 0');
    expect(setup()).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('still missing after the installation: zstd'),
    });
  });
});

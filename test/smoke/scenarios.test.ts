import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { interrupted } from '../../src/cli/failure.ts';
import { runHere } from '../unit/cli/host.ts';

const root = join(import.meta.dirname, '../..');

// In QEMU they are played by test/boot/scenarios.test.ts.
test('every scenario that is shipped passes on the simulated machine, and leaves nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-shipped-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // The bundled program: what vitest transforms hashes three times as long.
  const argv = ['test', 'scenarios', '--engine', 'sim', '--artefacts', folder, '--json'];
  const stdout = execFileSync(process.execPath, [join(root, 'dist/twinbank.js'), ...argv], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  const { scenarios } = JSON.parse(stdout);
  const bad = scenarios.filter(({ verdict }: { verdict: string }) => verdict !== 'passed');
  // What it asks of a host, the simulated one has not.
  const verdict = 'not-applicable';
  expect(bad).toMatchObject([
    { scenario: 'core-dump', verdict },
    { scenario: 'storage', verdict },
    { scenario: 'worlds', verdict },
  ]);
  expect(scenarios.length).toBeGreaterThanOrEqual(25);
  expect(readdirSync(folder)).toEqual([]);
});

test('a scenario that fails ends with 7, and keeps what tells why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-failing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const scenario = join(folder, 'wrong.yaml');
  const steps = '[build, flash, boot, { expect: { version: "9.9", timeout: 50ms } }, power-off]';
  writeFileSync(scenario, `description: Expects too much\nsteps: ${steps}\n`);
  const { code, stdout, stderr } = await runHere(
    ['test', scenario, '--engine', 'sim', '--artefacts', folder, '--junit', join(folder, 'j.xml')],
    { host: { cwd: root } },
  );
  expect(code).toBe(7);
  expect(stderr).toContain('expected every scenario to pass, found 1 of 1 that failed: wrong');
  expect(stdout).toMatch(/✕ expect version 9\.9.*\n {6}expected version 9\.9, found 0\.1\.0-1\n/);
  expect(stdout).toContain('wrong.yaml:2:29');
  expect(stdout).toMatch(/\| +0\.0 twinbank: ready build=0\.1\.0-1 bank=5/);
  expect(readFileSync(join(folder, 'j.xml'), 'utf8')).toContain('failures="1"');
  const kept = ['console.txt', 'disk.img', 'journal.ndjson', 'banks.json'];
  expect(kept.filter((name) => !existsSync(join(folder, 'wrong-1', name)))).toEqual([]);
  const { code: looked, stdout: banks } = await runHere(
    ['bank', join(folder, 'wrong-1/disk.img'), '--json'],
    { host: { cwd: root } },
  );
  expect(looked).toBe(0);
  expect(JSON.parse(banks).banks[0]).toMatchObject({ state: 'VALID', attempts: 0 });
});

test('Ctrl-C in the middle ends with 130, and leaves no file behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-interrupted-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const stop = new AbortController();
  let busy = 0;
  const stdout = Object.assign(
    new Writable({
      write(_chunk, _encoding, done) {
        busy = Math.max(busy, readdirSync(folder).length);
        stop.abort(interrupted('SIGINT'));
        done();
      },
    }),
    { isTTY: false },
  );
  const { code, stderr } = await runHere(['test', 'scenarios', '--engine', 'sim'], {
    host: { cwd: root, stdout, signal: stop.signal },
  });
  expect(stderr).toContain('interrupted by SIGINT');
  expect(code).toBe(130);
  expect(busy).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
});

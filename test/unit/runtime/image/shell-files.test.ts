import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Files that come into the image as they are: the system's, and those that agents bring. */
const runtime = resolve(import.meta.dirname, '../../../../src/runtime');
const files = readdirSync(runtime, { recursive: true, encoding: 'utf8' })
  .filter((file) => /(^|\/)image\//.test(file) && statSync(join(runtime, file)).isFile())
  .map((file) => ({ file, text: readFileSync(join(runtime, file), 'utf8') }));
const scripts = files.filter(({ text }) => text.startsWith('#!')).map(({ file }) => file);
const has = (program: string): boolean => spawnSync(program, ['--help']).error === undefined;

describe('the shell files of the image', () => {
  it('are all here, and may be executed', () => {
    expect(scripts).toContain('image/initramfs/init');
    expect(scripts).toContain('agents/cim/image/usr/bin/cim');
    expect(scripts.length).toBeGreaterThan(2);
    for (const script of scripts) expect(statSync(join(runtime, script)).mode & 0o111).toBe(0o111);
  });

  it.each(scripts)('%s is read by a POSIX shell', (script) => {
    const { status, stderr } = spawnSync('sh', ['-n', join(runtime, script)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each(scripts)("%s is read by busybox's shell, where that is installed", (script) => {
    if (!has('busybox')) return;
    const end = spawnSync('busybox', ['ash', '-n', join(runtime, script)], { encoding: 'utf8' });
    expect([end.status, end.stderr]).toEqual([0, '']);
  });

  it.each(scripts)('%s has nothing that shellcheck warns of, where that is installed', (script) => {
    if (!has('shellcheck')) return;
    // udhcpc's variables come from outside.
    const args = ['--shell=dash', '--severity=warning', '--exclude=SC2154', join(runtime, script)];
    const { status, stdout } = spawnSync('shellcheck', args, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });

  it("are what init's table starts, beside programs of the bank", () => {
    const table = files.find(({ file }) => file.endsWith('etc/inittab'))?.text ?? '';
    const started = [...table.matchAll(/:(\/usr\/lib\/twinbank\/[a-z-]+)$/gm)].map(
      ([, path]) => path,
    );
    expect(started.length).toBeGreaterThan(1);
    for (const path of started) expect(scripts).toContain(`image/system${path}`);
  });
});

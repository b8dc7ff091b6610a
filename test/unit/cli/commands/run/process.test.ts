import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { documents, fakeHost } from './fake-host.ts';

// The program as it is shipped, in a copy of its own: dist/ may be in use.
const root = resolve(import.meta.dirname, '../../../../..');
const outdir = join('out', `test-run-${process.pid}`);
const program = join(root, outdir, 'twinbank.js');
beforeAll(() => void execFileSync('node', ['scripts/build.mjs', outdir], { cwd: root }));
afterAll(() => rmSync(join(root, outdir), { recursive: true, force: true }));

let host: ReturnType<typeof fakeHost>;
afterEach(() => {
  const left = host.left();
  host.restore();
  expect(left).toEqual([]);
});

/** A program that runs, what it has written so far, and its end. */
function start(command: string, argv: readonly string[]) {
  const child = spawn(command, argv, { cwd: host.folder, stdio: ['pipe', 'pipe', 'pipe'] });
  let shown = '';
  const listeners = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    shown += chunk.toString('latin1');
    for (const listener of [...listeners]) listener();
  };
  child.stdout.on('data', take);
  const code = new Promise<number | null>((done) => child.once('close', done));
  return {
    child,
    code,
    shown: () => shown,
    /** When it has written this. */
    async says(text: string): Promise<void> {
      while (!shown.includes(text)) {
        const more = new Promise<void>((wake) => {
          listeners.add(wake);
          child.once('close', wake);
        });
        await more;
        if (child.exitCode !== null && !shown.includes(text)) throw new Error(`it ended: ${shown}`);
      }
    },
  };
}

describe('a live host in a process of its own', () => {
  it('has a terminal for its console, with keys and the size that it has now', async () => {
    host = fakeHost({
      typed: `if (String(bytes) === '?') serial.write('\\x1b[999;999H\\x1b[6n');
        if (/R$/.test(String(bytes))) serial.write('heard ' + JSON.stringify(String(bytes)) + '\\r\\n');`,
    });
    const line = `stty rows 33 cols 101; exec ${process.execPath} ${program} run host.img`;
    // script(1) of util-linux makes a terminal, and hands on what it reads.
    const run = start('script', ['--quiet', '--return', '--command', line, '/dev/null']);
    await run.says('vmkd: /');
    run.child.stdin.write('\x01h');
    await run.says('Ctrl-A x  ends the host in order');
    run.child.stdin.write('?');
    await run.says('heard "\\u001b[33;101R"');
    run.child.stdin.write('\x01x');
    expect(await run.code).toBe(0);
    expect(run.shown()).toMatch(/it has powered off\s+$/);
  });

  it('ends in order when its terminal goes away', async () => {
    host = fakeHost();
    const line = `exec ${process.execPath} ${program} run host.img`;
    const run = start('script', ['--quiet', '--return', '--command', line, '/dev/null']);
    await run.says('vmkd: /');
    run.child.kill('SIGKILL');
    await run.code;
    while (host.left().length > 0) await new Promise(setImmediate);
    expect(host.executed()).toContain('system_powerdown');
  });

  it('ends in order by SIGTERM, and tells nobody the password', async () => {
    process.env.TWINBANK_PASSWORD = 'secret-of-root';
    try {
      host = fakeHost();
      const run = start(process.execPath, [program, 'run', 'host.img', '--json', '--headless']);
      await run.says('"ready":true');
      const [{ pid } = {}] = documents(run.shown());
      expect(pid).toBe(run.child.pid);
      expect((host.told()[0]!.env as string[]).includes('TWINBANK_PASSWORD')).toBe(false);
      run.child.kill('SIGTERM');
      expect(await run.code).toBe(143);
      expect(documents(run.shown())[1]).toMatchObject({ outcome: 'healthy', ended: 'power-off' });
    } finally {
      delete process.env.TWINBANK_PASSWORD;
    }
  });

  it('ends at once by a second SIGTERM, and leaves nothing', async () => {
    host = fakeHost({ button: '' });
    const run = start(process.execPath, [
      ...[program, 'run', 'host.img', '--json', '--headless', '--add-disk', '1GiB'],
    ]);
    await run.says('"ready":true');
    run.child.kill('SIGTERM');
    while (!host.executed().includes('system_powerdown')) await new Promise(setImmediate);
    run.child.kill('SIGTERM');
    expect(await run.code).toBe(143);
    // The kernel ends QEMU with us; it takes a moment.
    while (host.left().includes('a process')) await new Promise(setImmediate);
  });

  // Numbers of Node's own queues and pipes are among these.
  it.each([3, 4, 5, 6, 7, 8, 9, 10, 30])(
    'says that npx passes no descriptors where number %i was not handed in',
    async (fd) => {
      host = fakeHost();
      const run = start(process.execPath, [
        ...[program, 'run', 'host.img', '--json', '--password-fd', `${fd}`],
      ]);
      expect(await run.code).toBe(2);
      expect(documents(run.shown())).toMatchObject([
        { error: { message: expect.stringContaining('npx passes no descriptors on') } },
      ]);
    },
  );
});

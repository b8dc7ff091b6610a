import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, inject, it } from 'vitest';
import { askSocket, documents } from '../unit/cli/commands/run/fake-host.ts';

const program = resolve(import.meta.dirname, '../../dist/twinbank.js');

/** Connects to a port of this machine; resolves once that is done, and closes again. */
function reach(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done();
    });
    socket.once('error', fail);
  });
}

it('keeps a host up that many clients ask, with ports, disks and a password, over a reboot, until SIGTERM', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  const own = join(folder, 'own.img');
  writeFileSync(own, new Uint8Array(3 * 2 ** 20));
  const child = spawn(
    process.execPath,
    [
      ...[program, 'run', inject('images').raw, '--json', '--cpu', 'max', '--memory', '800'],
      ...['--forward', 'udp:0:161', '--add-disk', '8GiB', '--add-disk', own],
    ],
    {
      env: { ...process.env, TMPDIR: folder, TWINBANK_PASSWORD: 'of-root-5' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const isReady = new Promise<void>((done) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.includes('\n')) done();
    });
  });
  try {
    await Promise.race([isReady, ended]);
    const [ready] = documents(stdout);
    expect(ready, stderr).toMatchObject({
      ...{ ready: true, build: inject('images').build, bank: 5, pid: child.pid },
    });
    const forwards = ready?.forwards as { protocol: string; host: number; guest: number }[];
    expect(forwards.map(({ protocol, guest }) => `${protocol} ${guest}`)).toEqual([
      ...['tcp 443', 'tcp 80', 'tcp 902', 'tcp 5989', 'tcp 427', 'udp 161'],
    ]);
    for (const { protocol, host } of forwards) if (protocol === 'tcp') await reach(host);

    // Two at once, one of them for long.
    const vmkd = String(ready?.vmkd);
    const [collected, asked] = await Promise.all([
      askSocket(vmkd, { id: 1, method: 'support.collect' }),
      askSocket(vmkd, { id: 1, method: 'config.get' }, { id: 'b', method: 'status' }),
    ]);
    expect(asked).toContainEqual(
      expect.objectContaining({
        id: 1,
        result: expect.objectContaining({ rootPasswordSet: true }),
      }),
    );
    expect(asked).toContainEqual(
      expect.objectContaining({ id: 'b', result: expect.objectContaining({ state: 'ready' }) }),
    );
    expect(collected).toMatchObject([{ id: 1, result: { bytes: expect.any(Number) } }]);
    const [read] = await askSocket(vmkd, { id: 2, method: 'support.read' });
    const { data } = (read as { result: { data: string } }).result;
    const bundle = gunzipSync(Buffer.from(data, 'base64')).toString('latin1');
    // KiB: the empty one, and the file.
    expect(bundle).toMatch(/ 8388608 vd[b-z]\n/);
    expect(bundle).toMatch(/ 3072 vd[b-z]\n/);

    // It reboots, and the same socket and ports are the ones of the next boot: what is asked meanwhile waits for it.
    await askSocket(vmkd, { id: 3, method: 'shutdown', params: { mode: 'reboot' } });
    while (!stderr.includes('the host starts again'))
      await Promise.race([once(child.stderr, 'data'), ended]);
    const [after] = await askSocket(vmkd, { id: 4, method: 'config.get' });
    expect(after, stderr.slice(-2000)).toMatchObject({ id: 4, result: { rootPasswordSet: true } });
    while (!stderr.includes('ready again: '))
      await Promise.race([once(child.stderr, 'data'), ended]);
    expect(stderr).toContain(`ready again: ${inject('images').build}, bank 5\n`);
    for (const { protocol, host } of forwards) if (protocol === 'tcp') await reach(host);

    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(documents(stdout)[1]).toMatchObject({
      ...{ outcome: 'healthy', booted: 5, ended: 'power-off', boots: 2 },
      error: { code: 'cli.interrupted' },
    });
    expect(stderr).toContain('twinbank: shutting down: power button');
    expect(`${stdout}${stderr}`).not.toContain('of-root-5');
    expect(readdirSync(folder)).toEqual(['own.img']);
    expect(readFileSync(own)).toHaveLength(3 * 2 ** 20);
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  }
});

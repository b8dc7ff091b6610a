import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bootError } from '../../src/harness/console/boot-error.ts';
import { copyDisk, type DiskCopy } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { readTar } from '../../src/state/tar.ts';
import { bootTimeoutMs } from '../support/boot.ts';

// One boot for all, of a machine whose owner may fill its file systems.
let disk: DiskCopy;
let machine: QemuMachine;
beforeAll(async () => {
  disk = await copyDisk(inject('images').raw);
  const live = ['-fw_cfg', 'name=opt/org.twinbank/fault,string=live'];
  const options = { image: disk.path, write: true, accelerator: 'tcg' } as const;
  machine = await startQemu({ ...defaultMachine, ...options, extra: live });
  const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs: bootTimeoutMs });
  if ('ended' in ready) {
    throw bootError('test.boot', 'expected it to be ready, found its end', machine.console.lines);
  }
});
afterAll(async () => {
  await machine?.stop();
  await disk?.remove();
});

type Answer = Record<string, unknown>;
const call = (method: string, params = {}): Promise<Answer> =>
  machine.vmkd.call(method, params, bootTimeoutMs) as Promise<Answer>;
const problems = async () => (await call('status')).problems;

/** What is said and done while a folder has no room. */
async function whileFull(path: string, use: () => Promise<void>): Promise<void> {
  await call('fault.fill', { path });
  try {
    expect(await problems()).toEqual([
      expect.stringMatching(
        `^memory: expected room in ${path}, found [0-9]+ KiB free of [0-9]+ KiB$`,
      ),
    ]);
    await use();
  } finally {
    await call('fault.free', { path });
  }
  expect(await problems()).toEqual([]);
}

/** The mounts of the running system, by their folders. */
async function mounts(): Promise<Map<string, string>> {
  await call('support.collect');
  const chunks: Buffer[] = [];
  for (let offset = 0, end = false; !end; ) {
    const read = await call('support.read', { offset });
    chunks.push(Buffer.from(String(read.data), 'base64'));
    offset = Number(read.next);
    end = read.end === true;
  }
  const files = readTar(gunzipSync(Buffer.concat(chunks)));
  const found = files.find(({ path }) => path.endsWith('files/proc/mounts'));
  const lines = Buffer.from(found?.bytes ?? [])
    .toString('utf8')
    .trim()
    .split('\n');
  return new Map(lines.map((line) => [line.split(' ')[1] ?? '', line]));
}

describe('K3, B5: the file system in memory', () => {
  it('has a limit for each of its parts', async () => {
    const { memory } = await call('status');
    const parts = new Map(
      (memory as { path: string; bytes: number }[]).map((one) => [one.path, one.bytes]),
    );
    expect([...parts.keys()]).toEqual(expect.arrayContaining(['/', '/run', '/tmp', '/dev']));
    expect(parts.get('/')).toBe(32 * 2 ** 20);
    expect(parts.get('/dev')).toBe(8 * 2 ** 20);
    // A quarter of what the kernel has left of the machine's memory.
    for (const path of ['/run', '/tmp']) {
      expect(parts.get(path), path).toBeGreaterThan(150 * 2 ** 20);
      expect(parts.get(path), path).toBeLessThanOrEqual(256 * 2 ** 20);
    }
  });

  it('takes no bundle for which /tmp has no room, and goes on where it was once there is', async () => {
    const data = Buffer.alloc(300_000, 'x').toString('base64');
    const staged = { path: '/tmp/new.tbu', bytes: 300_000 };
    expect(await call('update.stage', { name: 'new.tbu', offset: 0, data })).toEqual(staged);
    await whileFull('/tmp', async () => {
      await expect(
        call('update.stage', { name: 'new.tbu', offset: 300_000, data }),
      ).rejects.toThrow('/tmp/new.tbu: expected room in memory for 300000 bytes more, found ');
      // Neither a bundle nor the log of others keeps the host from being configured.
      expect(await call('config.set', { hostname: 'full-tmp' })).toMatchObject({ saved: true });
    });
    const more = { name: 'new.tbu', offset: 300_000, data };
    expect(await call('update.stage', more)).toEqual({ ...staged, bytes: 600_000 });
  });

  it('changes no setting for which / has no room, and says so', async () => {
    const before = await call('config.get');
    await whileFull('/', async () => {
      const changed = { hostname: 'too-much', ntp: { servers: ['10.0.2.2'] } };
      await expect(call('config.set', changed)).rejects.toThrow(
        / \/: expected 262144 bytes of room for settings, found [0-9]+: nothing was changed/,
      );
      expect(await call('config.get')).toEqual(before);
    });
    expect(await call('config.set', { hostname: 'room-again' })).toMatchObject({ saved: true });
  });

  it('shows the banks and the store, which nobody can write there', async () => {
    const shown = await mounts();
    for (const [folder, number] of [
      ['/bootbank', 5],
      ['/altbootbank', 6],
      ['/store', '[0-9]+'],
    ] as const) {
      expect(shown.get(folder)).toMatch(
        new RegExp(`^/dev/vda${number} ${folder} vfat ro,nosuid,nodev,noexec,`),
      );
      await expect(call('fault.fill', { path: folder })).rejects.toThrow('EROFS');
    }
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { done, guestProgram, writeDisk } from './guest-program.ts';
import { packedVmm, type Vmm } from './packed-vmm.ts';
import { connectRfb, type EncodingName } from './rfb-client.ts';

judgedBy(['as', 'ld', 'qemu-img', 'mcopy', 'cpio', 'unsquashfs', 'flock'], () => {
  const vmm = packedVmm();

  /** Arguments of a guest that starts from a disk of its own at `virtio-blk`. */
  function diskArguments(path: string): string[] {
    return [
      ...['-machine', 'q35', '-m', '64'],
      ...['-blockdev', `driver=file,filename=${path},node-name=file`],
      ...['-blockdev', 'driver=raw,file=file,node-name=disk'],
      ...['-device', 'virtio-blk-pci,drive=disk,id=vd'],
    ];
  }

  function newDisk(name: Parameters<typeof guestProgram>[0]): { folder: string; path: string } {
    const folder = vmm.folder();
    const path = join(folder, 'disk');
    writeDisk(path, guestProgram(name, folder));
    return { folder, path };
  }

  describe('a guest’s screen', () => {
    /** A guest that shows a picture, and where its VNC server listens. */
    async function showing(
      options = '',
    ): Promise<{ machine: Vmm; socket: string; folder: string }> {
      const { folder, path } = newDisk('picture');
      const socket = join(folder, 'vnc');
      const machine = await vmm.start([
        ...diskArguments(path),
        ...['-device', 'VGA', '-device', 'usb-ehci', '-device', 'usb-tablet'],
        ...['-vnc', `unix:${socket},lossy=on${options}`, '-k', 'de'],
      ]);
      await machine.says(done);
      return { machine, socket, folder };
    }

    /** Encodings that clients ask for, and the forms in which the picture may come then. */
    const forms: readonly (readonly [EncodingName, number | undefined, RegExp])[] = [
      ['raw', undefined, /^raw$/],
      ['hextile', undefined, /^hextile$/],
      ['zlib', undefined, /^zlib$/],
      ['tight', undefined, /^tight (palette|full|fill)$/],
      ['tight', 0, /^JPEG$/],
      ['tight PNG', undefined, /^PNG$/],
      ['zrle', undefined, /^zrle$/],
    ];

    test('comes in every encoding that clients ask for, and shows the same', async () => {
      const { machine, socket } = await showing();
      const client = await connectRfb(socket);
      const whole = await client.picture('raw');
      const places = Array.from({ length: whole.points.length / 4 }, (_, index) => 4 * index);
      expect(new Set(places.map((at) => whole.points.readUInt32LE(at))).size).toBe(190);
      for (const [encoding, quality, form] of forms) {
        const found = await client.picture(encoding, quality);
        const seen = [...found.forms.keys()];
        const label = `${encoding}, quality ${quality}: ${seen}`;
        expect(
          seen.some((one) => form.test(one)),
          label,
        ).toBe(true);
        expect(seen).not.toContain('broken');
        // What is read to the points shows the same; the others say their form, which is checked above.
        if (seen.some((one) => ['JPEG', 'PNG', 'zrle'].includes(one))) continue;
        expect([encoding, Buffer.compare(found.points, whole.points)]).toEqual([encoding, 0]);
      }
      client.close();
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });

    test('takes keys by a keymap of the bank, and the pointer', async () => {
      const { machine, socket } = await showing();
      const client = await connectRfb(socket);
      await client.picture('tight');
      // An umlaut of the German keymap, and Return.
      for (const symbol of [0xfc, 0xff0d]) {
        client.key(symbol, true);
        client.key(symbol, false);
      }
      client.pointer(100, 100, 1);
      client.pointer(100, 100, 0);
      await client.picture('raw');
      const info = (await machine.qmp.call('query-vnc')) as { clients: unknown[] };
      expect(info.clients).toHaveLength(1);
      client.close();
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });

    test('is shown for a password, once it has been set and until it expires', async () => {
      const { machine, socket } = await showing(',password=on');
      await machine.qmp.call('set_password', { protocol: 'vnc', password: 'once' });
      await machine.qmp.call('expire_password', { protocol: 'vnc', time: '+60' });
      await expect(connectRfb(socket, 'other')).rejects.toThrow(/^refused: /);
      const client = await connectRfb(socket, 'once');
      expect((await client.picture('zlib')).width).toBe(640);
      client.close();
      await machine.qmp.call('expire_password', { protocol: 'vnc', time: 'now' });
      await expect(connectRfb(socket, 'once')).rejects.toThrow(/^refused: /);
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });

    test('becomes a PNG file', async () => {
      const { machine, folder } = await showing();
      const filename = join(folder, 'screen.png');
      await machine.qmp.call('screendump', { filename, format: 'png' });
      const png = readFileSync(filename);
      expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([640, 400]);
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });
  });

  describe('a guest’s disks', () => {
    const jobDone = (job: string) => (data: Record<string, unknown>) =>
      data.id === job && data.status === 'concluded';

    test('are snapshotted together, and merged again', async () => {
      const { folder, path } = newDisk('disk');
      const sector = (index: number) => readFileSync(path).subarray(512 * index, 512 * (index + 1));
      // It waits until the snapshot has been taken.
      const machine = await vmm.start([...diskArguments(path), '-S']);
      const { qmp } = machine;
      const overlay = join(folder, 'overlay');
      judge('qemu-img', ['create', '-q', '-f', 'qcow2', overlay, '1M']);
      await qmp.call('blockdev-add', {
        ...{ driver: 'qcow2', 'node-name': 'overlay', backing: null },
        file: { driver: 'file', filename: overlay },
      });
      const data = { node: 'disk', overlay: 'overlay' };
      await qmp.call('transaction', { actions: [{ type: 'blockdev-snapshot', data }] });
      await qmp.call('cont');
      await machine.says(done);
      expect(Buffer.compare(sector(2), Buffer.alloc(512))).toBe(0);
      const commit = { 'job-id': 'commit', device: 'overlay', 'auto-dismiss': true };
      await qmp.call('block-commit', commit);
      await machine.event('BLOCK_JOB_READY');
      await qmp.call('job-complete', { id: 'commit' });
      await machine.event('BLOCK_JOB_COMPLETED');
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
      expect(Buffer.compare(sector(2), sector(1))).toBe(0);
    });

    test('are mirrored, exported and made anew while it runs', async () => {
      const { folder, path } = newDisk('disk');
      const machine = await vmm.start(diskArguments(path));
      const { qmp } = machine;
      await machine.says(done);
      const copy = join(folder, 'copy');
      writeFileSync(copy, '');
      const size = 2 ** 20;
      await qmp.call('blockdev-add', { driver: 'file', filename: copy, 'node-name': 'copy-file' });
      const options = { driver: 'qcow2', file: 'copy-file', size, 'compression-type': 'zstd' };
      await qmp.call('blockdev-create', { 'job-id': 'create', options });
      await machine.event('JOB_STATUS_CHANGE', jobDone('create'));
      await qmp.call('job-dismiss', { id: 'create' });
      await qmp.call('blockdev-add', { driver: 'qcow2', file: 'copy-file', 'node-name': 'copy' });
      await qmp.call('block-dirty-bitmap-add', { node: 'disk', name: 'changed' });
      const mirror = { 'job-id': 'mirror', device: 'disk', target: 'copy', sync: 'full' };
      await qmp.call('blockdev-mirror', mirror);
      await machine.event('BLOCK_JOB_READY');
      await qmp.call('block-job-cancel', { device: 'mirror' });
      await machine.event('BLOCK_JOB_COMPLETED');
      const socket = join(folder, 'nbd');
      const address = { type: 'unix', data: { path: socket } };
      await qmp.call('nbd-server-start', { addr: address });
      const nbd = { type: 'nbd', id: 'out', 'node-name': 'copy', name: 'copy' };
      await qmp.call('block-export-add', nbd);
      const url = `nbd+unix:///copy?socket=${socket}`;
      judge('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', '-U', path, url]);
      await qmp.call('nbd-server-stop');
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });
  });

  test.each(['none', 'zstd'])(
    'a guest moves to another monitor over a Unix socket, with compression %s',
    async (compression) => {
      const { folder, path } = newDisk('picture');
      const args = [...diskArguments(path), '-device', 'VGA', '-device', 'usb-ehci'];
      const from = await vmm.start(args);
      await from.says(done);
      const to = await vmm.start([...args, '-incoming', 'defer']);
      const uri = `unix:${join(folder, 'migration')}`;
      const capabilities = [{ capability: 'multifd', state: compression !== 'none' }];
      for (const { qmp } of [from, to]) {
        await qmp.call('migrate-set-capabilities', {
          capabilities: [...capabilities, { capability: 'events', state: true }],
        });
        await qmp.call('migrate-set-parameters', { 'multifd-compression': compression });
      }
      await to.qmp.call('migrate-incoming', { uri });
      await from.qmp.call('migrate', { uri });
      await from.event('MIGRATION', ({ status }) => status === 'completed');
      await to.event('RESUME');
      expect(await to.qmp.call('query-status')).toMatchObject({ status: 'running' });
      expect(await from.qmp.call('query-status')).toMatchObject({ status: 'postmigrate' });
      const ends = { code: 0, signal: null, errors: '' };
      expect([await from.quit(), await to.quit()]).toEqual([ends, ends]);
    },
  );
});

import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgedBy } from '../components/foreign-tool.ts';
import { done, guestProgram } from './guest-program.ts';
import { packedVmm } from './packed-vmm.ts';

/** Boot ROMs of network cards, which the bank does not have: Debian's QEMU needs this package. */
const roms = '/usr/lib/ipxe/qemu';

/** Cards that the product offers, and their ROMs. */
const cards: Readonly<Record<string, string>> = {
  e1000: 'pxe-e1000.rom',
  e1000e: 'pxe-e1000e.rom',
  vmxnet3: 'pxe-vmxnet3.rom',
  // The ROM is for the card without the old interface.
  'virtio-net-pci,disable-legacy=on': 'pxe-virtio.rom',
  pcnet: 'pxe-pcnet.rom',
};

/** Calls that a machine of ours never makes are refused. */
const sandbox = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/** Words of a human monitor, which QMP passes on. */
const human = (line: string) => ({ 'command-line': line });

judgedBy(['as', 'ld', 'mcopy', 'cpio', 'unsquashfs', 'flock'], () => {
  const vmm = packedVmm();

  describe('a guest', () => {
    test.each(Object.entries(cards))(
      'starts a program from the network by %s',
      async (card, rom) => {
        const folder = vmm.folder();
        writeFileSync(join(folder, 'program'), guestProgram('idle', folder));
        // The firmware of the card asks for an address and for the file, so packets go both ways.
        const machine = await vmm.start([
          ...['-machine', 'pc', '-m', '64', '-device', 'VGA'],
          ...['-netdev', `user,id=net,tftp=${folder},bootfile=program`],
          ...['-device', `${card},netdev=net,romfile=${join(roms, rom)},bootindex=0`],
        ]);
        await machine.says(done);
        expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
      },
    );

    test('sends what it sends to a socket of its own network', async () => {
      const path = join(vmm.folder(), 'net');
      const server = createServer().listen(path);
      await once(server, 'listening');
      const connected = once(server, 'connection');
      await vmm.start([
        ...['-machine', 'pc', '-m', '64', '-device', 'VGA'],
        ...['-netdev', `stream,id=net,server=off,addr.type=unix,addr.path=${path}`],
        ...['-device', `e1000,netdev=net,romfile=${join(roms, cards.e1000!)},bootindex=0`],
      ]);
      const [socket] = (await connected) as Socket[];
      let bytes = Buffer.alloc(0);
      // A question for an address (RFC 2131): to everybody, from port 68 to port 67. Before it there may be IPv6's.
      const asked = await new Promise<boolean>((resolve) => {
        socket!.on('data', (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
            const frame = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
            const isIpv4 = frame.length > 42 && frame.readUInt16BE(12) === 0x0800;
            if (isIpv4 && frame.readUInt32BE(34) === 0x0044_0043) resolve(true);
          }
        });
      });
      expect(asked).toBe(true);
      socket!.destroy();
      server.close();
    });

    test('has a tap of the host, where the host may make one', async () => {
      const machine = vmm.start([
        ...['-machine', 'q35', '-m', '32'],
        ...['-netdev', 'tap,id=net,script=no,downscript=no'],
        ...['-device', 'virtio-net-pci,netdev=net,romfile='],
      ]);
      const outcome = await machine.then(
        async ({ qmp, quit }) => {
          const info = await qmp.call('human-monitor-command', human('info network'));
          await quit();
          return String(info);
        },
        (error: Error) => error.message,
      );
      expect(outcome).toMatch(/net: index=0,type=tap|could not (open|configure) \/dev\/net\/tun/);
    });

    test.each(['ich9-usb-ehci1', 'qemu-xhci', 'piix3-usb-uhci'])(
      'has keyboard and tablet at %s',
      async (controller) => {
        const machine = await vmm.start([
          ...['-machine', 'pc', '-m', '32', '-device', `${controller},id=usb`],
          ...(controller === 'ich9-usb-ehci1'
            ? ['-device', 'ich9-usb-uhci1,masterbus=usb.0,firstport=0,multifunction=on']
            : []),
          ...['-device', 'usb-tablet,bus=usb.0', '-device', 'usb-kbd,bus=usb.0'],
        ]);
        await machine.says('No bootable device');
        const events = [
          { type: 'abs', data: { axis: 'x', value: 1000 } },
          { type: 'key', data: { down: true, key: { type: 'qcode', data: 'a' } } },
        ];
        await machine.qmp.call('input-send-event', { events });
        const usb = await machine.qmp.call('human-monitor-command', human('info usb'));
        expect(String(usb)).toMatch(/QEMU USB Tablet[\s\S]*QEMU USB Keyboard/);
        expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
      },
    );

    test('has a serial line, an agent’s channel, a watchdog, a balloon and random numbers', async () => {
      const folder = vmm.folder();
      const agent = createServer().listen(join(folder, 'agent'));
      await once(agent, 'listening');
      const connected = once(agent, 'connection');
      const machine = await vmm.start([
        ...['-machine', 'q35', '-m', '64', '-smp', '2', '-device', 'virtio-serial-pci'],
        ...['-chardev', `socket,id=agent,path=${join(folder, 'agent')}`],
        ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
        ...['-chardev', `socket,id=serial,server=on,wait=off,path=${join(folder, 'serial')}`],
        ...['-device', 'isa-serial,chardev=serial', '-device', 'i6300esb'],
        ...['-device', 'virtio-balloon-pci', '-object', 'rng-random,id=rng,filename=/dev/urandom'],
        ...['-device', 'virtio-rng-pci,rng=rng'],
        ...['-action', 'panic=pause,shutdown=pause,watchdog=pause'],
      ]);
      await connected;
      await machine.says('No bootable device');
      expect(await machine.qmp.call('query-chardev')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ label: 'agent', 'frontend-open': false }),
        ]),
      );
      await machine.qmp.call('balloon', { value: 32 * 2 ** 20 });
      await machine.qmp.call('system_reset');
      await machine.event('RESET');
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
      agent.close();
    });

    test('is given devices and loses them while it runs', async () => {
      const folder = vmm.folder();
      writeFileSync(join(folder, 'disk'), Buffer.alloc(2 ** 20));
      const machine = await vmm.start([
        ...['-machine', 'q35', '-m', '64,slots=2,maxmem=256M', '-smp', '1,maxcpus=2'],
        ...['-device', 'pcie-root-port,id=port0', '-device', 'pcie-root-port,id=port1,chassis=1'],
      ]);
      const { qmp } = machine;
      const file = { driver: 'file', filename: join(folder, 'disk') };
      await qmp.call('blockdev-add', { driver: 'raw', 'node-name': 'disk', file });
      const disk = { driver: 'virtio-blk-pci', id: 'd', bus: 'port0', drive: 'disk' };
      await qmp.call('device_add', disk);
      await qmp.call('netdev_add', { type: 'user', id: 'net' });
      const card = { driver: 'vmxnet3', id: 'n', bus: 'port1', netdev: 'net', romfile: '' };
      await qmp.call('device_add', card);
      for (const kind of ['ram', 'memfd']) {
        const backend = { 'qom-type': `memory-backend-${kind}`, id: kind, size: 64 * 2 ** 20 };
        await qmp.call('object-add', backend);
        await qmp.call('device_add', { driver: 'pc-dimm', id: `dimm-${kind}`, memdev: kind });
      }
      const core = { driver: 'qemu64-x86_64-cpu', 'socket-id': 0, 'core-id': 1, 'thread-id': 0 };
      await qmp.call('device_add', { ...core, id: 'cpu1' });
      const memory = { 'base-memory': 64 * 2 ** 20, 'plugged-memory': 128 * 2 ** 20 };
      expect(await qmp.call('query-memory-size-summary')).toEqual(memory);
      expect(await qmp.call('query-cpus-fast')).toHaveLength(2);
      await qmp.call('device_del', { id: 'd' });
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });
  });

  describe('the monitor', () => {
    test('emulates processors of every kind that it knows', async () => {
      const machine = await vmm.start(['-machine', 'q35', '-m', '32', '-cpu', 'max', '-smp', '2']);
      const models = await machine.qmp.call('query-cpu-definitions');
      const names = (models as { name: string }[]).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['EPYC', 'Skylake-Server', 'max']));
      await machine.says('No bootable device');
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });

    test('runs on KVM, or refuses in its own words', async () => {
      const start = vmm.start(['-machine', 'q35', '-m', '32'], 'kvm');
      const outcome = await start.then(
        async (machine) => {
          const state = await machine.qmp.call('query-kvm');
          await machine.says('Running on KVM');
          await machine.quit();
          return JSON.stringify(state);
        },
        (error: Error) => error.message,
      );
      const refused = /Could not access KVM kernel module|failed to initialize kvm/;
      expect(outcome).toMatch(
        existsSync('/dev/kvm') ? /"enabled":true|initialize kvm|KVM/ : refused,
      );
      expect(outcome).not.toContain('leaves out');
    });

    test('runs in its sandbox', async () => {
      const machine = await vmm.start(['-machine', 'q35', '-m', '32', '-sandbox', sandbox]);
      await machine.says('No bootable device');
      expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    });

    const backend = { 'qom-type': 'memory-backend-ram', id: 'm', size: 2 ** 20 };
    const bound = { ...backend, 'host-nodes': [0], policy: 'bind' };
    test.each([
      ['libcapstone.so.4', 'cs_open', 'human-monitor-command', human('x/1i 0xffff0')],
      ['libnuma.so.1', 'mbind', 'object-add', bound],
    ])('ends with the name of what it calls of the stub %s', async (...row) => {
      const [library, name, command, words] = row;
      const machine = await vmm.start(['-machine', 'q35', '-m', '32', '-sandbox', sandbox]);
      await expect(machine.qmp.call(command, words)).rejects.toThrow();
      const errors = `${library}: expected nothing to call ${name}, which modules.vmm.stubs leaves out, found a call\n`;
      expect(await machine.ended).toEqual({ code: null, signal: 'SIGABRT', errors });
    });
  });
});

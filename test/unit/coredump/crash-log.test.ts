import { describe, expect, it } from 'vitest';
import { parseCrashLog } from '../../../src/coredump/crash-log.ts';

const lines = (...texts: string[]): string =>
  texts.map((text, at) => `[${`${at}.000123`.padStart(12)}] ${text}\n`).join('');

const sysrq = lines(
  'Linux version 6.1.0-57-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP',
  'NMI watchdog: Perf NMI watchdog permanently disabled',
  'twinbank: ready',
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 1 PID: 148 Comm: MainThread Not tainted 6.1.0-57-amd64 #1  Debian 6.1.192-3',
  'Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014',
  'Call Trace:',
  ' <TASK>',
  ' dump_stack_lvl+0x44/0x5c',
  ' panic+0x118/0x2f4',
  ' ? _printk+0x68/0x83',
  ' sysrq_handle_crash+0x16/0x20',
  ' </TASK>',
  'Kernel Offset: 0x13800000',
);

const oops = lines(
  'Linux version 6.1.0-57-amd64 (x) #1',
  'BUG: kernel NULL pointer dereference, address: 0000000000000010',
  'Oops: 0000 [#1] PREEMPT SMP NOPTI',
  'CPU: 0 PID: 7 Comm: kworker/0:1 Tainted: G           OE      6.1.0-57-amd64 #1',
  'RIP: 0010:frob_start+0x12/0x40 [frob]',
  'Call Trace:',
  ' <IRQ>',
  ' frob_irq+0x1c/0x30 [frob]',
  ' </IRQ>',
  ' <TASK>',
  ' process_one_work+0x1c7/0x380',
  ' </TASK>',
  'Modules linked in: frob(OE) virtio_net net_failover [last unloaded: e1000]',
  '---[ end trace 0000000000000000 ]---',
  'Kernel panic - not syncing: Fatal exception in interrupt',
  'Kernel Offset: 0x2000000',
);

describe('I5: the log of a kernel that panicked', () => {
  it('gives the reason, the process, the hardware and the calls of a panic', () => {
    expect(parseCrashLog(sysrq)).toEqual({
      reason: 'sysrq triggered crash',
      cause: '',
      kernel: '6.1.0-57-amd64',
      context: 'CPU: 1 PID: 148 Comm: MainThread Not tainted 6.1.0-57-amd64 #1  Debian 6.1.192-3',
      hardware: 'QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014',
      stack: [
        ...['dump_stack_lvl+0x44/0x5c', 'panic+0x118/0x2f4', '? _printk+0x68/0x83'],
        'sysrq_handle_crash+0x16/0x20',
      ],
      modules: [],
    });
  });

  it('gives the calls of the oops that became a panic, over all of its stacks, and the modules', () => {
    const { reason, cause, context, stack, modules } = parseCrashLog(oops);
    expect([reason, cause]).toEqual([
      'Fatal exception in interrupt',
      'Oops: 0000 [#1] PREEMPT SMP NOPTI',
    ]);
    expect(context).toMatch(/^CPU: 0 PID: 7 Comm: kworker/);
    expect(stack).toEqual(['frob_irq+0x1c/0x30 [frob]', 'process_one_work+0x1c7/0x380']);
    expect(modules).toEqual(['frob', 'virtio_net', 'net_failover']);
  });

  it('of nothing, or of a kernel that did not panic, has no reason', () => {
    for (const log of ['', 'Linux version 6.1.0-57-amd64\n', lines('all is well')]) {
      expect(parseCrashLog(log)).toMatchObject({ reason: '', cause: '', stack: [], modules: [] });
    }
  });
});

/**
 * Where the dump goes: number of the core-dump partition, and its GUID as 32 hexadecimal digits of the bytes on the disk.
 */
export interface DumpPlace {
  readonly number: number;
  readonly guidBytes: string;
}

/** What the dump kernel does without, or has otherwise: memory of its own for a dump, and whatever ends in another one. */
const dropped =
  /^(crashkernel|panic|oops|softlockup_panic|nmi_watchdog|watchdog_thresh|BOOT_IMAGE|initrd|rdinit|twinbank\.(?!build=|bank=)[a-z]+)(=|$)/;

/**
 * Kernel documentation, admin-guide/kdump/kdump: one processor, devices that are in no known state, interrupts that nobody expects. Little
 * memory, so nothing that counts it; machine checks of before are none of ours.
 */
const added = [
  'nr_cpus=1',
  'reset_devices',
  'irqpoll',
  'cgroup_disable=memory',
  'numa=off',
  'mce=off',
  'panic=10',
  'oops=panic',
  'rdinit=/coredump',
];

/** The command line of the dump kernel: the one of the kernel that runs, with what its hardware needs, and what a dump needs. */
export function dumpCommandLine(running: string, { number, guidBytes }: DumpPlace): string {
  const kept = running.trim().split(/\s+/);
  const own = kept.filter((word) => !dropped.test(word));
  return [...own, ...added, `twinbank.coredump=${number}:${guidBytes}`].join(' ');
}

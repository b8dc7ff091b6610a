import { expect, test } from 'vitest';
import { agents } from '../../../../../src/runtime/agents/registry.ts';
import {
  agentFilter,
  type FilterRow,
} from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { syscallNumbers } from '../../../../../src/runtime/system/seccomp/syscall-numbers.ts';
import { simulateFilter } from '../../../../support/seccomp-simulator.ts';

const rows: readonly (readonly [string, FilterRow])[] = [
  ['nothing more', {}],
  ['devices', { seccomp: ['devices'] }],
  ['the network', { network: 'outgoing' }],
  ['both', { seccomp: ['devices'], network: 'outgoing' }],
  ...agents.map((row) => [`what ${row.name} has`, row] as const),
];
const ask = (row: FilterRow, name: string, ...args: number[]) =>
  simulateFilter(agentFilter(row), { number: syscallNumbers.get(name)!, args });

/** More rights, other processes, the kernel itself, and its parts in which holes were found most. */
const never = `
  ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd pidfd_send_signal process_madvise
  mount umount2 pivot_root chroot unshare setns open_tree move_mount fsopen fsmount mount_setattr
  setuid setgid setresuid setresgid setgroups capset personality seccomp
  init_module finit_module delete_module kexec_load kexec_file_load bpf perf_event_open reboot
  swapon swapoff sethostname settimeofday clock_settime adjtimex acct syslog iopl ioperm modify_ldt
  keyctl add_key request_key userfaultfd io_uring_setup io_uring_enter io_uring_register
  open_by_handle_at name_to_handle_at mknod mknodat fanotify_init quotactl lookup_dcookie vhangup
  rt_sigqueueinfo rt_tgsigqueueinfo tkill shmget msgget semget memfd_create memfd_secret`;

const capable = [
  ...['adjtimex', 'capset', 'clock_settime', 'setgroups', 'setresgid', 'setresuid', 'settimeofday'],
];

test.each(rows)('refuses what no world may, with %s', (_what, row) => {
  const calls = never.trim().split(/\s+/);
  // What a row with a capability is for; without one the kernel refuses each of them.
  const own = row.capabilities ? capable : [];
  expect(calls.filter((name) => ask(row, name) !== 1).sort()).toEqual(own);
});

// The values are the kernel's: sched.h, socket.h, ioctls.h, prctl.h, signal.h.
const [AF_UNIX, AF_INET, AF_NETLINK, AF_PACKET, AF_VSOCK] = [1, 2, 16, 17, 40];
const [STREAM, DGRAM, RAW, flags] = [1, 2, 3, 0o2004000];
const [TIOCSTI, TIOCLINUX, TCGETS, IPMICTL] = [0x5412, 0x541c, 0x5401, 0x8028690d];
const table: readonly (readonly [string, readonly number[], readonly unknown[]])[] = [
  ['clone', [0x3d0f00], ['allow', 'allow', 'allow']],
  ...[0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000].map(
    (flag) => ['clone', [flag | 0x11], [1, 1, 1]] as const,
  ),
  ['clone3', [], [38, 38, 38]],
  ['socket', [AF_UNIX, STREAM | flags, 0], [1, 1, 'allow']],
  ['socket', [AF_INET, DGRAM | flags, 0], [1, 1, 'allow']],
  ['socket', [AF_INET, RAW, 0], [1, 1, 1]],
  ['socket', [AF_NETLINK, RAW, 0], [1, 1, 'allow']],
  ['socket', [AF_NETLINK, RAW, 12], [1, 1, 1]],
  ['socket', [AF_PACKET, STREAM, 0], [1, 1, 1]],
  ['socket', [AF_VSOCK, STREAM, 0], [1, 1, 1]],
  ['connect', [3], [1, 1, 'allow']],
  ['bind', [3], [1, 1, 'allow']],
  ['listen', [3, 511], ['allow', 'allow', 'allow']],
  ['accept4', [3], ['allow', 'allow', 'allow']],
  ['socketpair', [AF_UNIX, STREAM | flags], ['allow', 'allow', 'allow']],
  ['socketpair', [AF_UNIX, DGRAM], [1, 1, 1]],
  ['socketpair', [AF_INET, STREAM], [1, 1, 1]],
  ['sendto', [3, 0, 0, 0x4000], ['allow', 'allow', 'allow']],
  ['sendto', [3, 0, 0, 0x20000000], [1, 1, 1]],
  ['sendmsg', [3, 0, 0x20004000], [1, 1, 1]],
  ['sendmmsg', [3, 0, 1, 0x20000000], [1, 1, 1]],
  ['sendmsg', [3, 0, 0x1], [1, 1, 1]],
  ['setsockopt', [3, 6, 1], ['allow', 'allow', 'allow']],
  ['setsockopt', [3, 1, 15], [1, 1, 'allow']],
  // SO_ATTACH_FILTER, TCP_REPAIR, TCP_ULP.
  ['setsockopt', [3, 1, 26], [1, 1, 1]],
  ['setsockopt', [3, 6, 19], [1, 1, 1]],
  ['setsockopt', [3, 6, 31], [1, 1, 1]],
  ['kill', [4, 15], ['allow', 'allow', 'allow']],
  ['kill', [-1, 15], [1, 1, 1]],
  ['kill', [4, 19], [1, 1, 1]],
  ['tgkill', [4, 4, 6], ['allow', 'allow', 'allow']],
  ['tgkill', [4, 4, 9], [1, 1, 1]],
  ['ioctl', [0, TCGETS], ['allow', 'allow', 'allow']],
  ['ioctl', [0, IPMICTL], [1, 'allow', 1]],
  ['ioctl', [0, TIOCSTI], [1, 1, 1]],
  ['ioctl', [0, TIOCLINUX], [1, 1, 1]],
  // PR_SET_NAME, PR_SET_MM, PR_SET_SECCOMP.
  ['prctl', [15], ['allow', 'allow', 'allow']],
  ['prctl', [35], [1, 1, 1]],
  ['prctl', [22], [1, 1, 1]],
  // F_SETFL; F_SETOWN and F_SETSIG, which send signals.
  ['fcntl', [3, 4], ['allow', 'allow', 'allow']],
  ['fcntl', [3, 8], [1, 1, 1]],
  ['fcntl', [3, 10], [1, 1, 1]],
  ['prlimit64', [0, 2], ['allow', 'allow', 'allow']],
  ['prlimit64', [1, 2], [1, 1, 1]],
];

test.each(table)(
  'answers %s %j without more, with devices, with the network: %j',
  (name, args, answers) => {
    const three: FilterRow[] = [{}, { seccomp: ['devices'] }, { network: 'outgoing' }];
    expect(three.map((row) => ask(row, name, ...args))).toEqual(answers);
  },
);

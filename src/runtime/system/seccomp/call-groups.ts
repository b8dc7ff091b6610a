import { type ArgumentTest, type CallRule, type CallRules, mergeRules } from './call-rule.ts';

const allow = (names: string): CallRules =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, 'allow'] as const),
  );
const where = (...tests: readonly ArgumentTest[]): CallRule => ({ anyOf: [tests] });
/** Alternatives on two arguments: a level and its options, say. */
const pairs = (
  [first, second]: readonly [number, number],
  rows: readonly (readonly [number, readonly [number, ...number[]]])[],
): CallRule => ({
  anyOf: rows.map(([value, values]) => [
    { argument: first, in: [value] },
    { argument: second, in: values },
  ]),
});

/** linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. (NEWTIME is not for clone.) */
const newNamespaces = 0x7e02_0000;
/** asm-generic/ioctls.h, asm-generic/ioctl.h. */
const ioctls = {
  ...{ TCGETS: 0x5401, TIOCSTI: 0x5412, TIOCGWINSZ: 0x5413, TIOCLINUX: 0x541c },
  ...{ FIONREAD: 0x541b, FIONBIO: 0x5421, FIONCLEX: 0x5450, FIOCLEX: 0x5451 },
};
/** linux/socket.h. */
const [inet, inet6, netlink, unix] = [2, 10, 16, 1];
const [solSocket, solIp, solTcp, solIpv6] = [1, 0, 6, 41];
const socketTypes = { stream: 1, datagram: 2, flags: 0o2004000 };
/**
 * MSG_FASTOPEN connects: a handed listener that was shut down for reading (which makes it a socket like any other) would reach
 * anybody of the host's network by it. MSG_OOB is a part of the kernel that nobody of ours needs and that others have broken.
 */
const refusedSendFlags = 0x2000_0001;
const send = (flags: number): CallRule =>
  where({ argument: flags, mask: refusedSendFlags, in: [0] });

/** Options of the sockets that were handed over: what Node sets. */
const handedOptions: readonly (readonly [number, readonly [number, ...number[]]])[] = [
  // SO_REUSEADDR, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_LINGER.
  [solSocket, [2, 7, 8, 9, 13]],
  // TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
  [solTcp, [1, 4, 5, 6]],
];

/** What every world may: Node, a shell, and the programs that they start, on files, memory and sockets that they have. */
const base = mergeRules([
  // Memory.
  allow('brk mmap munmap mremap mprotect madvise msync mincore mlock munlock membarrier'),
  allow('pkey_alloc pkey_free pkey_mprotect'),
  // Files.
  allow(
    'open openat creat close close_range read readv pread64 preadv write writev pwrite64 pwritev',
  ),
  allow(
    'lseek dup dup2 dup3 pipe pipe2 flock fsync fdatasync ftruncate truncate fallocate fadvise64',
  ),
  allow(
    'sendfile copy_file_range stat lstat fstat newfstatat statx statfs fstatfs access faccessat',
  ),
  allow('faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir umask'),
  allow(
    'mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat',
  ),
  allow('chmod fchmod fchmodat chown fchown lchown fchownat utime utimes futimesat utimensat'),
  allow('inotify_init inotify_init1 inotify_add_watch inotify_rm_watch'),
  // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, locks, and sizes of pipes; nothing that sends signals.
  { fcntl: where({ argument: 1, in: [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032] }) },
  {
    ioctl: where({
      argument: 1,
      in: [
        ...([ioctls.TCGETS, ioctls.TIOCGWINSZ, ioctls.FIONREAD] as const),
        ...[ioctls.FIONBIO, ioctls.FIONCLEX, ioctls.FIOCLEX],
      ],
    }),
  },
  // Waiting.
  allow('poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait'),
  allow('epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime'),
  allow('signalfd signalfd4 futex nanosleep clock_nanosleep pause alarm getitimer setitimer'),
  allow('clock_gettime clock_getres gettimeofday time times restart_syscall'),
  // Threads and processes.
  allow(
    'fork vfork execve execveat exit exit_group wait4 waitid set_tid_address set_robust_list rseq',
  ),
  allow(
    'get_robust_list arch_prctl sched_yield sched_getaffinity sched_setaffinity sched_getparam',
  ),
  allow('sched_getscheduler sched_get_priority_max sched_get_priority_min getpriority setpriority'),
  allow('getpid getppid gettid getpgrp getpgid setpgid getsid setsid getcpu'),
  allow('getuid geteuid getgid getegid getgroups getresuid getresgid capget'),
  allow('getrlimit setrlimit getrusage sysinfo uname getrandom'),
  {
    clone: where({ argument: 0, mask: newNamespaces, in: [0] }),
    // Its flags lie in memory, where no filter can look.
    clone3: 'missing',
    // Its own limits.
    prlimit64: where({ argument: 0, in: [0] }),
    // PR_SET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_VMA.
    prctl: where({ argument: 0, in: [1, 15, 16, 38, 0x53564d41] }),
  },
  // Signals: a world sees no process but its own.
  allow(
    'rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigpending rt_sigtimedwait sigaltstack',
  ),
  {
    // 0, SIGINT, SIGKILL, SIGTERM, and not to all of them at once.
    kill: where({ argument: 0, mask: 0x8000_0000, in: [0] }, { argument: 1, in: [0, 2, 9, 15] }),
    // SIGABRT, by which abort(3) ends a program.
    tgkill: where({ argument: 2, in: [6] }),
  },
  // Sockets that were handed over, and pairs.
  allow('accept accept4 listen shutdown getsockname getpeername getsockopt'),
  allow('recvfrom recvmsg recvmmsg'),
  {
    sendto: send(3),
    sendmsg: send(2),
    sendmmsg: send(3),
    setsockopt: pairs([1, 2], handedOptions),
    // A pair of datagram sockets could send to any name that the world sees.
    socketpair: where(
      { argument: 0, in: [unix] },
      { argument: 1, mask: ~socketTypes.flags, in: [socketTypes.stream] },
    ),
  },
]);

/** What only some worlds may, beside {@link base}. */
const more = {
  /** Devices of the host: any of their own requests, but none that types for a person at a terminal. */
  devices: {
    ioctl: where({ argument: 1, notIn: [ioctls.TIOCSTI, ioctls.TIOCLINUX] }),
  },
  /** Going out, by TCP, UDP and names; netlink of routes (NETLINK_ROUTE) is how libraries list addresses. */
  network: {
    connect: 'allow',
    bind: 'allow',
    socket: {
      anyOf: [
        [
          { argument: 0, in: [unix, inet, inet6] },
          { argument: 1, mask: ~socketTypes.flags, in: [socketTypes.stream, socketTypes.datagram] },
        ],
        [
          { argument: 0, in: [netlink] },
          { argument: 2, in: [0] },
        ],
      ],
    },
    setsockopt: pairs(
      [1, 2],
      [
        // SO_BROADCAST, SO_REUSEPORT, SO_RCVTIMEO, SO_SNDTIMEO; IP_RECVERR; IPV6_V6ONLY, IPV6_RECVERR.
        [solSocket, [6, 15, 20, 21]],
        [solIp, [11]],
        [solIpv6, [26, 25]],
      ],
    ),
  },
  /** Becoming a user that keeps one capability (setpriv), for a world that is started with it: there is nothing else to be had. */
  capabilities: mergeRules([
    allow('setresuid setresgid setgroups capset'),
    // PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_GET_SECUREBITS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT.
    { prctl: where({ argument: 0, in: [8, 23, 24, 27, 39, 47] }) },
  ]),
  /** Setting the clock, which takes CAP_SYS_TIME, and asking others for the time with stamps of the kernel's. */
  time: mergeRules([
    allow(
      'adjtimex clock_adjtime clock_settime settimeofday timer_create timer_settime timer_delete',
    ),
    {
      setsockopt: pairs(
        [1, 2],
        [
          // SO_PRIORITY, SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING, SO_SELECT_ERR_QUEUE, and the first three for 2038.
          [solSocket, [12, 29, 35, 37, 45, 63, 64, 65]],
          // IP_TOS, IP_PKTINFO, IP_FREEBIND; IPV6_RECVPKTINFO, IPV6_TCLASS.
          [solIp, [1, 8, 15]],
          [solIpv6, [49, 67]],
        ],
      ),
    },
  ]),
} as const satisfies Record<string, CallRules>;

/** Groups that a row can name. */
export type CallGroup = keyof typeof more;

/** The rules of a world with these groups. */
export function rulesOf(groups: readonly CallGroup[]): CallRules {
  return mergeRules([base, ...groups.map((group) => more[group])]);
}

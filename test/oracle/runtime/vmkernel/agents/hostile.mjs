// A program that wants what it must not have. Run once as root without a world, and once in one; prints what came of each attempt: `done`
// or the name of the error.
import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { getSystemErrorName } from 'node:util';

const { secret, device, pid, victim, port, datagrams, abstract, path } = JSON.parse(
  process.argv[2],
);

const codeOf = (work) => {
  try {
    work();
    return 'done';
  } catch (error) {
    return error.code ?? String(error);
  }
};
/** Opens a file as it is asked, and leaves nothing behind. */
const creates = (file) => () =>
  codeOf(() => {
    writeFileSync(file, '', { flag: 'wx' });
    rmSync(file);
  });
const fills = (file) => () => {
  const result = codeOf(() => {
    const fd = openSync(file, 'wx');
    try {
      for (let mib = 0; mib < 24; mib++)
        if (writeSync(fd, Buffer.alloc(1 << 20, mib + 1)) < 1 << 20) throw new Error('short');
    } finally {
      closeSync(fd);
    }
  });
  rmSync(file, { force: true });
  return result;
};
const connects = (to) => () =>
  new Promise((resolve) => {
    try {
      const socket = connect(to, () => {
        resolve('done');
        socket.destroy();
      });
      socket.on('error', ({ code }) => resolve(code));
    } catch (error) {
      resolve(error.code);
    }
  });
const sends = () =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', ({ code }) => resolve(code));
    socket.send('x', datagrams, '127.0.0.1', (error) => {
      resolve(error?.code ?? 'done');
      socket.close();
    });
  });

/** System calls themselves, by perl: `ask(NUMBER, …)` ends it with the error, EINPROGRESS but for a connection that is under way. */
const calls = (code) => () => {
  const helper = `
    sub ask { my ($n, @a) = @_; $! = 0; my $r = syscall($n, @a); return $r if $r >= 0 || $! == 115; print $! + 0; exit 0 }
    my $empty = "\\0" x 256;
    my $nobody = pack("S x14", 0);
    my $somebody = pack("S n C4 x8", 2, ${port}, 127, 0, 0, 1);
    `;
  const stdio = ['ignore', 'pipe', 'pipe', 3, 4, 5];
  const { stdout, stderr, error } = spawnSync('perl', ['-e', `${helper}${code}; print 0;`], {
    stdio,
    encoding: 'utf8',
  });
  if (error) return error.code;
  if (!/^\d+$/.test(stdout)) return `perl: ${stdout}${stderr}`;
  return stdout === '0' ? 'done' : getSystemErrorName(-Number(stdout));
};

const attempts = {
  'read a file of another agent': () => codeOf(() => readFileSync(secret)),
  'read /etc/shadow': () => codeOf(() => readFileSync('/etc/shadow')),
  'open a device of the host': () => codeOf(() => closeSync(openSync(device, 'r'))),
  'look at a process of somebody else in /proc': () =>
    codeOf(() => readFileSync(`/proc/${pid}/environ`)),
  'create a file among the programs of the system': creates('/usr/bin/twinbank-hostile'),
  'create a file in /': creates('/twinbank-hostile'),
  'create a file in /dev': creates('/dev/twinbank-hostile'),
  'put 24 MiB into /tmp': fills('/tmp/twinbank-hostile'),
  'put 24 MiB into /dev/shm': fills('/dev/shm/twinbank-hostile'),
  'open 5,000 descriptors': calls(
    'my ($l, $d) = (pack("QQ", 6000, 6000), "/dev/null"); syscall(302, 0, 7, $l, 0); ask(257, -100, $d, 0) for 1..5000',
  ),
  'make a device (mknod)': calls(
    'my $p = "/tmp/twinbank-hostile-dev"; ask(133, $p, 0060600, 0x700); unlink $p',
  ),
  'become root (setuid)': calls('ask(105, 0)'),
  'take all capabilities (capset)': calls(
    'my $h = pack("LL", 0x20080522, 0); my $d = pack("L6", 1, 1, 0, 0, 0, 0); ask(126, $h, $d)',
  ),
  'trace a child (ptrace)': calls(
    'my $c = fork; if (!$c) { sleep 5; exit } my $r = syscall(101, 0x4206, $c, 0, 0); my $e = $! + 0; kill 9, $c; if ($r) { print $e; exit }',
  ),
  'read the memory of a child (process_vm_readv)': calls(
    'my $c = fork; if (!$c) { sleep 5; exit } my $v = pack("QQ", 0, 0); my $r = syscall(310, $c, $v, 1, $v, 1, 0); my $e = $! + 0; kill 9, $c; if ($r < 0) { print $e; exit }',
  ),
  'mount a file system': calls(
    'my ($t, $d) = ("tmpfs", "/tmp"); ask(272, 0x20000); ask(165, $t, $d, $t, 0, 0)',
  ),
  'make a user name space (unshare)': calls('ask(272, 0x10000000)'),
  'make a user name space (clone)': calls(
    'my $c = ask(56, 0x10000011, 0, 0, 0, 0); exit if $c == 0',
  ),
  'change the root (chroot)': calls('my $d = "/tmp"; ask(161, $d)'),
  'change the name of the host': calls('chomp(my $n = `uname -n`); ask(170, $n, length $n)'),
  'read the log of the kernel (syslog)': calls('ask(103, 3, $empty, 256)'),
  'create a map of bpf': calls('my $a = pack("L5 x100", 2, 4, 4, 1, 0); ask(321, 0, $a, 120)'),
  'open a counter of processor events (perf)': calls(
    'my $a = pack("LLQ x112", 1, 128, 0); ask(298, $a, 0, -1, -1, 0)',
  ),
  "use the kernel's keys (keyctl)": calls('ask(250, 0, -3, 0)'),
  'open io_uring': calls('ask(425, 8, $empty)'),
  'handle page faults itself (userfaultfd)': calls('ask(323, 0)'),
  'end a process of somebody else': () => codeOf(() => process.kill(victim, 'SIGKILL')),
  'connect to a TCP port of the host': connects({ host: '127.0.0.1', port }),
  'send a datagram (UDP)': sends,
  'connect to an abstract Unix socket': connects(`\0${abstract}`),
  'connect to a Unix socket that it sees': connects(path),
  'open a raw socket': calls('ask(41, 2, 3, 1)'),
  'connect by a handed listener (AF_UNSPEC first)': calls(
    'ask(42, 3, $nobody, 16); ask(42, 3, $somebody, 16)',
  ),
  'connect by an accepted socket (AF_UNSPEC first)': calls(
    'my $s = ask(288, 4, 0, 0, 0); ask(42, $s, $nobody, 16); ask(42, $s, $somebody, 16)',
  ),
  'connect by a handed listener (shutdown, MSG_FASTOPEN)': calls(
    'my $x = "x"; ask(48, 5, 0); ask(44, 5, $x, 1, 0x20000000, $somebody, 16)',
  ),
  'take over a descriptor of its parent (pidfd_getfd)': calls(
    'my $p = ask(434, getppid, 0); ask(438, $p, 0, 0)',
  ),
};

const results = {};
for (const [what, attempt] of Object.entries(attempts)) results[what] = await attempt();
execFileSync('/bin/true');
writeSync(1, `${JSON.stringify(results)}\n`);
process.exit(0);

/** A program of the host that twinbank calls: what needs it and where Debian has it. */
export interface HostTool {
  readonly name: string;
  /** Debian package that brings it. */
  readonly package: string;
  /** What does not work without it, for `twinbank doctor` and for errors. */
  readonly neededFor: string;
  /** Arguments that make it print its version, where `--version` does not. */
  readonly versionArgs?: readonly string[];
  /** What is there without it, too, in a poorer way: it never counts as missing but for the tests. */
  readonly optional?: true;
  /** Needed only by the tests. */
  readonly testsOnly?: true;
  /** Needed only to measure against others. */
  readonly benchOnly?: true;
  /** A file to look for instead of a program on PATH (firmware, boot loader modules). */
  readonly file?: string;
}

/** What is given to a tool for its version. */
export function versionArgsOf({ versionArgs = ['--version'] }: HostTool): readonly string[] {
  return versionArgs;
}

/** One row a tool; `doctor`, the set-up script and every "tool missing" error read this table. */
export const hostTools: readonly HostTool[] = [
  { name: 'apt-get', package: 'apt', neededFor: 'deb: components' },
  { name: 'apt-cache', package: 'apt', neededFor: 'deb: components' },
  { name: 'npm', package: 'npm', neededFor: 'npm: components' },
  { name: 'xz', package: 'xz-utils', neededFor: 'unpacking components' },
  { name: 'zstd', package: 'zstd', neededFor: 'unpacking components' },
  { name: 'gzip', package: 'gzip', neededFor: 'unpacking components' },
  {
    name: 'strip',
    package: 'binutils',
    neededFor: 'engine and VMM modules',
  },
  ...['as', 'ld'].map((name): HostTool => {
    return { name, package: 'binutils', neededFor: "the VMM module's stubs" };
  }),
  { name: 'depmod', package: 'kmod', neededFor: 'the drivers module' },
  {
    name: 'mksquashfs',
    package: 'squashfs-tools',
    neededFor: 'modules',
    versionArgs: ['-version'],
  },
  {
    name: 'unsquashfs',
    package: 'squashfs-tools',
    neededFor: 'packages of the store, diff and inspect of the files in modules',
    versionArgs: ['-version'],
  },
  {
    name: 'grub-mkimage',
    package: 'grub-common',
    neededFor: 'the boot loader',
  },
  {
    name: 'GRUB for BIOS',
    package: 'grub-pc-bin',
    neededFor: 'the boot loader',
    file: '/usr/lib/grub/i386-pc/boot.img',
  },
  {
    name: 'GRUB for UEFI',
    package: 'grub-efi-amd64-bin',
    neededFor: 'the boot loader',
    file: '/usr/lib/grub/x86_64-efi/normal.mod',
  },
  {
    name: 'bwrap',
    package: 'bubblewrap',
    neededFor: "running an OEM's code without --trust-oem",
    optional: true,
  },
  {
    name: 'git',
    package: 'git',
    neededFor: 'the warning of a private key that would be committed',
    optional: true,
  },
  { name: 'flock', package: 'util-linux', neededFor: 'changes to banks' },
  { name: 'blockdev', package: 'util-linux', neededFor: 'flash to a block device' },
  {
    name: 'setpriv',
    package: 'util-linux',
    neededFor: 'boot --engine qemu',
  },
  {
    name: 'qemu-system-x86_64',
    package: 'qemu-system-x86',
    neededFor: 'boot --engine qemu',
  },
  {
    name: 'SeaBIOS',
    package: 'seabios',
    neededFor: 'boot --firmware bios',
    file: '/usr/share/seabios/bios-256k.bin',
  },
  {
    name: 'OVMF',
    package: 'ovmf',
    neededFor: 'boot --firmware uefi',
    file: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  },
  {
    name: 'qemu-img',
    package: 'qemu-utils',
    neededFor: 'tests',
    testsOnly: true,
  },
  {
    name: 'grub-emu',
    package: 'grub-emu',
    neededFor: 'tests of the loader script',
    testsOnly: true,
  },
  {
    name: 'chronyd',
    package: 'chrony',
    neededFor: 'tests of the time agent',
    testsOnly: true,
  },
  {
    name: 'rsyslogd',
    package: 'rsyslog',
    neededFor: 'tests of the log',
    versionArgs: ['-v'],
    testsOnly: true,
  },
  {
    name: 'rsyslog-openssl',
    package: 'rsyslog-openssl',
    neededFor: 'tests of the log',
    testsOnly: true,
    file: '/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so',
  },
  {
    name: 'ganesha.nfsd',
    package: 'nfs-ganesha',
    neededFor: 'tests of datastores on servers',
    versionArgs: ['-v'],
    testsOnly: true,
  },
  {
    name: 'nfs-ganesha-mem',
    package: 'nfs-ganesha-mem',
    neededFor: 'tests of datastores on servers',
    testsOnly: true,
    file: '/usr/lib/x86_64-linux-gnu/ganesha/libfsalmem.so',
  },
  {
    name: 'makedumpfile',
    package: 'makedumpfile',
    neededFor: 'tests of core dumps',
    versionArgs: ['-v'],
    testsOnly: true,
  },
  {
    name: 'busybox',
    package: 'busybox-static',
    neededFor: 'tests of what the initramfs runs',
    versionArgs: ['--help'],
    testsOnly: true,
  },
  ...Object.entries({
    sgdisk: 'gdisk',
    sfdisk: 'fdisk',
    mdir: 'mtools',
    bmaptool: 'bmap-tools',
    fincore: 'util-linux-extra',
    cpio: 'cpio',
    cmp: 'diffutils',
  }).map(([name, from]): HostTool => {
    return { name, package: from, neededFor: 'tests', testsOnly: true };
  }),
  {
    name: 'fsck.fat',
    package: 'dosfstools',
    neededFor: 'tests',
    // Says its version only when it checks something.
    versionArgs: ['-V', '/dev/null'],
    testsOnly: true,
  },
  {
    name: 'openssl',
    package: 'openssl',
    neededFor: 'tests of keys and signatures',
    versionArgs: ['version'],
    testsOnly: true,
  },
  {
    name: 'chromium-headless-shell',
    package: 'chromium-headless-shell',
    neededFor: 'tests of the HTML report',
    testsOnly: true,
  },
  {
    name: 'junitparser',
    package: 'junitparser',
    neededFor: 'tests of JUnit XML',
    testsOnly: true,
  },
  {
    name: 'xmllint',
    package: 'libxml2-utils',
    neededFor: 'tests of JUnit XML',
    testsOnly: true,
  },
  ...['jsonschema', 'pyVmomi', 'zeep', 'suds'].map((name): HostTool => {
    return {
      name: `python3-${name.toLowerCase()}`,
      package: `python3-${name.toLowerCase()}`,
      neededFor: 'tests of JSON Schemas and of the VI API',
      testsOnly: true,
      file: `/usr/lib/python3/dist-packages/${name}/__init__.py`,
    };
  }),
  {
    name: 'losetup',
    package: 'mount',
    neededFor: 'tests of block devices',
    testsOnly: true,
  },
  ...['zsh', 'fish'].map((name): HostTool => {
    return { name, package: name, neededFor: 'tests of completion', testsOnly: true };
  }),
  ...['genimage', 'rauc'].map((name): HostTool => {
    return { name, package: name, neededFor: 'npm run bench', benchOnly: true };
  }),
  {
    name: 'xdelta3',
    package: 'xdelta3',
    neededFor: 'npm run bench',
    versionArgs: ['-V'],
    benchOnly: true,
  },
  {
    name: 'dbus-daemon',
    package: 'dbus-daemon',
    neededFor: 'npm run bench',
    benchOnly: true,
  },
];

import * as z from 'zod';
import {
  choice,
  componentRef,
  driverName,
  fileRef,
  flag,
  integer,
  list,
  map,
  paragraph,
  size,
  text,
} from './field.ts';
import { firstBootSchema, healthSchema } from './host-schema.ts';
import { moduleNameSchema, moduleSchema } from './module-schema.ts';
import { resourcesSchema } from './resources-schema.ts';
import { storeSchema } from './store-schema.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** The partitions of an image whose place is the recipe's to say, by their GPT names. */
export const partitionNames = [
  'bootloader',
  'bootbank1',
  'bootbank2',
  'coredump',
  'store',
] as const;
export type PartitionName = (typeof partitionNames)[number];

/**
 * FAT16 has 4085 to 65524 clusters of 512 bytes to 32 KiB (FAT specification 1.03, sections 3.3 and
 * 3.5), so it ends just below 2 GiB; below 3 MiB there are not enough clusters.
 */
const largestFat16 = 2047 * MiB;
const fatSize = (min: number) => size(min, largestFat16, { step: MiB });

/** What may stand in boot.cfg: printable ASCII without backslash and quotes (DESIGN.md, boot.cfg). */
const bootCfgText = (expected: string, longest: number) =>
  text(expected, new RegExp(`^[ !#-&(-\\[\\]-~]{1,${longest}}$`));

const diskSchema = map({
  order: list(choice(partitionNames), 'a list of partitions')
    .superRefine((order, context) => {
      const missing = partitionNames.filter((name) => !order.includes(name));
      if (missing.length === 0) return;
      context.addIssue({
        code: 'custom',
        message: `each of ${partitionNames.join(', ')} once`,
        params: { found: `a list without ${missing.join(', ')}` },
      });
    })
    .prefault([...partitionNames])
    .describe('Partitions as they follow one another on the disk; each exactly once'),
  pmbrActive: flag()
    .prefault(false)
    .describe("Sets the protective MBR's entry active, for old firmware that asks for it"),
});

const bootloaderSchema = map({
  size: fatSize(3 * MiB)
    .prefault('4MiB')
    .describe('Size of the boot-loader partition, FAT16'),
  timeoutSeconds: integer(0, 300)
    .prefault(2)
    .describe('How long the loader listens for Esc or the rollback key before it boots'),
});

const bankSchema = map({
  size: fatSize(5 * MiB)
    .prefault('48MiB')
    .describe('Size of each of the two banks, FAT16'),
  reserve: size(0, largestFat16)
    .prefault('2MiB')
    .describe('Bytes that must stay free in a bank for OEM modules and state'),
}).refine((bank) => bank.reserve < bank.size, {
  path: ['reserve'],
  error: "a size below the bank's",
});

const coredumpSchema = map({
  size: size(MiB, 64 * GiB, { step: MiB })
    .prefault('110MiB')
    .describe('Size of the core-dump partition'),
});

const kernelSchema = map({
  from: componentRef()
    .prefault('deb:linux-image-amd64')
    .describe('Component that holds the kernel and its modules'),
  btf: flag()
    .prefault(true)
    .describe(
      "false leaves the type information (BTF) out of kernel and modules: 1.4 MB less, no distribution's signatures, no BPF programs that need it",
    ),
  options: list(
    bootCfgText('a word of the kernel command line without blanks and quotes', 200).refine(
      (word) => !word.includes(' '),
      { error: 'a word of the kernel command line without blanks and quotes' },
    ),
    'a list of words such as [quiet, panic=10]',
  )
    .prefault([
      'console=tty0',
      'console=ttyS0,115200n8',
      'panic=10',
      'oops=panic',
      'softlockup_panic=1',
      'nmi_watchdog=panic',
      'watchdog_thresh=30',
      'crashkernel=1500M-:256M',
      'quiet',
      'loglevel=4',
    ])
    .describe('Words of the kernel command line; they share the 1024 bytes of boot.cfg'),
});

const bootSchema = map({
  busybox: componentRef()
    .prefault('deb:busybox-static')
    .describe('Component that holds a static busybox'),
  drivers: list(driverName(), 'a list of kernel modules such as [loop, squashfs]')
    .prefault([
      ...['loop', 'squashfs', 'overlay'],
      ...['i6300esb', 'lpc_ich', 'i2c_i801', 'iTCO_wdt', 'sp5100_tco'],
      'qemu_fw_cfg',
    ])
    .describe('Kernel modules loaded by the initramfs, in this order'),
  compression: choice(['zstd', 'xz'])
    .prefault('zstd')
    .describe('How boot.v00 is packed: zstd boots sooner, xz is smaller'),
});

const expectedVersion = 'a version of two to four numbers in quotes such as "1.2" or "1.2.3"';
const versionPattern = /^[0-9]{1,9}(\.[0-9]{1,9}){1,3}([-+~][0-9A-Za-z.+~-]{1,32})?$/;
const expectedBuild = 'a build such as 1234 or rc1';

/** A whole recipe. Whatever is left out has a default, so the empty map is one, too. */
export const recipeSchema = map({
  product: text('a product name such as twinbank', /^[a-z][a-z0-9-]{0,31}$/)
    .prefault('twinbank')
    .describe('Updates are only taken by images of the same product'),
  name: text('a name such as twinbank-lab', /^[a-z0-9][a-z0-9._-]{0,47}$/)
    .prefault('twinbank')
    .describe("First part of the image's file name"),
  version: text(expectedVersion, versionPattern)
    .prefault('0.1.0')
    .describe(
      'Version of the system; begins with a digit, as the build in boot.cfg must. A pre-release is written with ~: 1.0.0~rc1',
    ),
  build: z
    .codec(
      z.union(
        [
          text(expectedBuild, /^[0-9A-Za-z][0-9A-Za-z.+~_]{0,31}$/),
          // Of a file it comes as text, in the characters that were written.
          z.number({ error: expectedBuild }).min(0, { error: expectedBuild }),
        ],
        {
          error: expectedBuild,
        },
      ),
      z.string(),
      { decode: String, encode: (build) => build },
    )
    .prefault('1')
    .describe('Which build of the version; boot.cfg has VERSION-BUILD'),
  title: bootCfgText('a title in printable ASCII without quotes and backslashes', 64)
    .exactOptional()
    .describe('What the console and boot.cfg call the system'),
  description: paragraph().exactOptional().describe('For people; goes into the manifest'),
  sourceDate: integer(0, 253_402_300_799)
    .exactOptional()
    .describe(
      "Seconds since 1970 before which no clock of a host is right. Default: SOURCE_DATE_EPOCH of whoever builds, if that is set; the kernel's own date counts as well",
    ),
  banks: choice(['both', 'first'])
    .prefault('both')
    .describe('both: the same system in both banks; first: the second one is empty and INVALID'),
  disk: diskSchema.prefault({}).describe('The partition table'),
  bootloader: bootloaderSchema.prefault({}).describe('The boot-loader partition'),
  bank: bankSchema.prefault({}).describe('The two boot banks'),
  coredump: coredumpSchema.prefault({}).describe('The core-dump partition'),
  store: storeSchema.prefault({}).describe('The store partition and what is put into it'),
  kernel: kernelSchema.prefault({}).describe('The kernel: vmkernel in the bank'),
  boot: bootSchema.prefault({}).describe('The initramfs: boot.v00 in the bank'),
  firstBoot: firstBootSchema.prefault({}).describe('What a host does that nobody has set up yet'),
  health: healthSchema.prefault({}).describe('When a boot counts as a good one'),
  resources: resourcesSchema
    .prefault({})
    .describe('How the machine is shared between the system itself and virtual machines'),
  modules: z
    .record(moduleNameSchema, moduleSchema, { error: 'a map' })
    .prefault({})
    .describe('Layers of the bank, stacked in this order: NAME.v00 each'),
  securityVersion: integer(0, 1_000_000)
    .prefault(0)
    .describe("Raised when an older version must not come back: no update goes below the host's"),
  minVersion: text(expectedVersion, versionPattern)
    .exactOptional()
    .describe('Oldest version that can be updated to this one'),
  oem: list(
    fileRef('an OEM provider such as file:oem-providers/acme or file:acme.oem'),
    'a list of OEM providers such as [file:oem-providers/acme]',
  )
    .prefault([])
    .describe('OEM providers built into the image, stacked above the base in this order'),
  trust: list(
    fileRef('a public key file such as file:keys/release.pub'),
    'a list of public key files such as [file:keys/release.pub]',
  )
    .prefault([])
    .describe('Public keys the image trusts, relative to the file that says it'),
});

/**
 * The one plain object everything is built from: sizes in bytes, references parsed, `file:` paths
 * absolute, modules in the order in which they are stacked.
 */
export type ResolvedRecipe = z.output<typeof recipeSchema>;

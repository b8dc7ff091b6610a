import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { runTool, toolMissing } from '../host/run-tool.ts';
import { withTemporaryFolder } from '../host/temporary-folder.ts';
import { coreImageEndLba, coreImageLba } from './core-image-place.ts';
import { fontName } from './grub-plan.ts';
import { grubScript } from './grub-script.ts';

const sector = 512;

/**
 * Commands of the script and what they stand on; GRUB takes a command it does not have for true. gzio unpacks a kernel that
 * is packed by gzip (recipe: kernel.btf).
 */
const modules = [
  ...['part_gpt', 'fat', 'normal', 'configfile', 'linux', 'gzio', 'boot'],
  ...['loadenv', 'hashsum', 'gcry_sha256', 'regexp', 'test', 'echo', 'probe'],
  ...['serial', 'terminal', 'terminfo', 'reboot'],
];
export const biosModules = ['biosdisk', ...modules];
/** efi_gop: the kernel's efifb takes over the framebuffer that GRUB found; the rest is for the screen. */
export const uefiModules = [...modules, 'efi_gop', 'gfxterm', 'font', 'memdisk', 'tar'];

export interface Loader {
  /** Boot code for the first 440 bytes of LBA 0. */
  readonly bootCode: Uint8Array;
  /** For LBA 34 on; whole sectors. */
  readonly coreImage: Uint8Array;
  /** For /EFI/BOOT/BOOTX64.EFI in the bootloader partition. */
  readonly bootx64: Uint8Array;
  /** For /grub/grub.cfg in the bootloader partition. */
  readonly grubCfg: string;
}

interface LoaderOptions {
  readonly banks: readonly number[];
  /** GPT number of the partition that holds /grub. */
  readonly loaderPartition?: number;
  /** Where the host has GRUB's modules, and where its fonts. */
  readonly grubDir?: string;
  readonly fontDir?: string;
  readonly hiddenTimeout?: number;
  readonly signal?: AbortSignal;
}

/** All that a loader is made of but the host's GRUB and this file. */
export function loaderInputs({ banks, loaderPartition = 1, hiddenTimeout }: LoaderOptions) {
  return {
    prefix: `(,gpt${loaderPartition})/grub`,
    grubCfg: grubScript({ banks, ...(hiddenTimeout === undefined ? {} : { hiddenTimeout }) }),
    biosModules,
    uefiModules,
    fontName,
  };
}

/**
 * Makes both loaders from the host's GRUB, without grub-install and without root. The bytes depend on
 * the GRUB package and the options only. Throws `host.tool-missing` when GRUB is not installed and
 * `loader.too-large` when the BIOS core image and the second copy that its area is kept free for do not
 * both fit.
 */
export async function buildLoader(options: LoaderOptions): Promise<Loader> {
  const grubDir = options.grubDir ?? '/usr/lib/grub';
  const biosDir = join(grubDir, 'i386-pc');
  const uefiDir = join(grubDir, 'x86_64-efi');
  const bootImage = await readFile(join(biosDir, 'boot.img')).catch(() => {
    throw toolMissing('GRUB for BIOS');
  });
  await access(join(uefiDir, 'normal.mod')).catch(() => {
    throw toolMissing('GRUB for UEFI');
  });
  const font = await readFile(join(options.fontDir ?? '/usr/share/grub', fontName)).catch(() => {
    throw toolMissing('grub-mkimage');
  });
  const { prefix, grubCfg } = loaderInputs(options);
  return withTemporaryFolder('grub', async (folder) => {
    const memdisk = join(folder, 'memdisk.tar');
    await writeFile(memdisk, tarOf(fontName, font));
    // -p after -m, which sets a prefix of its own.
    const bios = ['-O', 'i386-pc', '-d', biosDir, '-p', prefix];
    const uefi = ['-O', 'x86_64-efi', '-d', uefiDir, '-m', memdisk, '-p', prefix];
    const [core, bootx64] = await Promise.all([
      makeImage(join(folder, 'core.img'), [...bios, ...biosModules], options.signal),
      makeImage(join(folder, 'BOOTX64.EFI'), [...uefi, ...uefiModules], options.signal),
    ]);
    return {
      bootCode: patchBootCode(bootImage),
      coreImage: patchCoreImage(core),
      bootx64,
      grubCfg,
    };
  });
}

async function makeImage(
  output: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  await runTool('grub-mkimage', ['-o', output, ...args], signal ? { signal } : {});
  return await readFile(output);
}

/** A tar archive (POSIX.1-1988 ustar) of one file, with nothing in it that changes from build to build. */
function tarOf(name: string, content: Uint8Array): Uint8Array {
  const archive = Buffer.alloc(sector + Math.ceil(content.length / sector) * sector + 2 * sector);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width, '0')}\0`;
  archive.write(name, 0);
  archive.write(`${octal(0o644, 7)}${octal(0, 7)}${octal(0, 7)}`, 100);
  archive.write(`${octal(content.length, 11)}${octal(0, 11)}        0`, 124);
  archive.write('ustar\u000000', 257);
  const sum = archive.subarray(0, sector).reduce((total, byte) => total + byte, 0);
  archive.write(`${octal(sum, 6)} `, 148);
  archive.set(content, sector);
  return archive;
}

/**
 * GRUB's boot.img for a fixed place of core.img (grub-core/boot/i386/pc/boot.S): the sector to load, u64
 * at 0x5c, and two NOPs over the jump at 0x66, so that it boots from the drive that the BIOS names.
 */
export function patchBootCode(bootImage: Uint8Array): Uint8Array {
  if (bootImage.length !== sector || bootImage[0] !== 0xeb) {
    throw new TwinbankError(
      'corrupt',
      'loader.boot-image',
      `boot.img: expected ${sector} bytes that begin with a jump, found ${bootImage.length}`,
    );
  }
  const code = Buffer.from(bootImage.subarray(0, 440));
  code.writeBigUInt64LE(BigInt(coreImageLba), 0x5c);
  code.fill(0x90, 0x66, 0x68);
  return code;
}

/**
 * GRUB's core.img as whole sectors, its first one (grub-core/boot/i386/pc/diskboot.S) told where the
 * rest is: one block list entry at 0x1f4, u64 first sector, u16 sectors, u16 segment 0x820.
 */
export function patchCoreImage(core: Uint8Array): Uint8Array {
  const sectors = Math.ceil(core.length / sector);
  const room = Math.floor((coreImageEndLba - coreImageLba) / 2);
  if (sectors > room) {
    throw new TwinbankError(
      'internal',
      'loader.too-large',
      `core.img: expected at most ${room} sectors, half of LBA ${coreImageLba}-${coreImageEndLba - 1}, found ${sectors}`,
      { data: { sectors, room } },
    );
  }
  const image = Buffer.alloc(sectors * sector);
  image.set(core);
  image.writeBigUInt64LE(BigInt(coreImageLba + 1), 0x1f4);
  image.writeUInt16LE(sectors - 1, 0x1fc);
  image.writeUInt16LE(0x820, 0x1fe);
  return image;
}

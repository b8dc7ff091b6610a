import { TwinbankError } from '../../diagnostics/error.ts';
import {
  type KernelModule,
  moduleName,
  readModinfo,
  readNeeds,
  vermagicOf,
} from '../modules/kernel-modules.ts';

/** The kernel that a driver is held against. */
interface DriverTarget {
  /** `6.1.0-56-amd64` */
  readonly release: string;
  /** What every module of it says of how it was built; begins with the release. */
  readonly vermagic: string | undefined;
  /** Whether the kernel, or another file of the OEM, has a module of this name. */
  has(name: string): boolean;
}

/** An OEM's own kernel module and its name as the kernel knows it. */
export interface OwnDriver extends KernelModule {
  readonly name: string;
}

/**
 * Reads a kernel module that is not of the kernel's package and verifies that this kernel takes it. `place` is
 * where provider.yaml names it, `path` the file. Throws kind `recipe`: `oem.driver-form`, `oem.driver-kernel`.
 */
export function readDriverFile(
  place: string,
  path: string,
  { data, from }: Pick<KernelModule, 'data' | 'from'>,
  target: Pick<DriverTarget, 'release' | 'vermagic'>,
): OwnDriver {
  const vermagic = vermagicOf(data);
  if (vermagic === undefined || !path.endsWith('.ko')) {
    const expected = 'an unpacked kernel module, NAME.ko with a vermagic';
    throw refusal('driver-form', `${place}: expected ${expected}, found ${path}`);
  }
  const [built = ''] = vermagic.split(' ');
  const wrong = (expected: string, found: string): TwinbankError =>
    refusal(
      'driver-kernel',
      `${place}: expected ${path} to be built for the bank's kernel, ${expected}, found it built for ${found}; build it against linux-headers-${target.release}`,
    );
  if (built !== target.release) throw wrong(target.release, built);
  // The kernel compares all of it but blanks at the end (kernel/module, check_modinfo).
  if (target.vermagic !== undefined && vermagic.trim() !== target.vermagic.trim()) {
    throw wrong(`"${target.vermagic.trim()}"`, `"${vermagic.trim()}"`);
  }
  return { name: moduleName(path), path, data, from, needs: readNeeds(data) };
}

/** Throws `oem.driver-needs` (kind `recipe`) where the kernel would not find a symbol's module. */
export function assertNeeds(place: string, driver: OwnDriver, has: DriverTarget['has']): void {
  const depends = readModinfo(driver.data).find((text) => text.startsWith('depends=')) ?? '';
  const missing = depends
    .slice('depends='.length)
    .split(',')
    .filter((name) => name !== '' && !has(name.replaceAll('-', '_')));
  if (missing.length === 0) return;
  throw refusal(
    'driver-needs',
    `${place}: expected every module that ${driver.name} needs in the bank's kernel or among driverFiles, found none of the name ${missing.join(', ')}; add its file`,
  );
}

function refusal(code: string, message: string): TwinbankError {
  return new TwinbankError('recipe', `oem.${code}`, message);
}

import { accessSync, constants, readFileSync } from 'node:fs';
import type { Accelerator } from './machine-options.ts';

/**
 * What a machine will run on. Having /dev/kvm is not enough: on a host that is itself a virtual machine it
 * may be there without the processor's vmx or svm, and QEMU then ends with an assertion.
 */
export function chooseAccelerator(
  wanted: Accelerator,
  host = { kvm: '/dev/kvm', processors: '/proc/cpuinfo' },
): 'kvm' | 'tcg' {
  if (wanted !== 'auto') return wanted;
  try {
    accessSync(host.kvm, constants.R_OK | constants.W_OK);
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync(host.processors, 'utf8')) ? 'kvm' : 'tcg';
  } catch {
    return 'tcg';
  }
}

import { TwinbankError } from '../../diagnostics/error.ts';

export const qemu = 'qemu-system-x86_64';

/** What QEMU 7.2 says of a model, a feature or a value that it does not know (target/i386/cpu.c, qom/object.c). */
const unknownCpu = /unable to find CPU model|[\w-]+-x86_64-cpu\.[\w-]+(=| not found|' not found)/;

/** The error for a QEMU that ended by itself, with its own words; a processor that it does not know is a wrong command line. */
export function notRunning(errors: string): TwinbankError {
  const found = `found: ${errors || 'it ended without a word'}`;
  if (unknownCpu.test(errors)) {
    const message = `--cpu: expected a processor model of QEMU (${qemu} -cpu help lists them), ${found}`;
    return new TwinbankError('usage', 'usage.cpu', message);
  }
  return new TwinbankError(
    'boot',
    'harness.qemu',
    `${qemu}: expected a running virtual machine, ${found}`,
  );
}

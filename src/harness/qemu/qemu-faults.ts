import { TwinbankError } from '../../diagnostics/error.ts';
import type { Fault } from '../faults/fault.ts';
import type { DiskType } from './disk-type.ts';
import { escapeComma } from './escape-comma.ts';

/**
 * What QEMU is told about faults: those of the running system go to the guest by the firmware's
 * configuration (`opt/org.twinbank/fault`: `NAME@BANK` with commas between), a read-only disk to QEMU
 * itself. Disk faults have been done to the disk before; power cuts are the harness' own. Throws
 * `usage.fault` for a disk that QEMU cannot attach read-only. `more` are further faults for the guest.
 */
export function faultArguments(
  faults: readonly Fault[],
  disk: DiskType,
  more: readonly string[] = [],
): string[] {
  const names = faults.flatMap(({ effect, bank }) =>
    effect.on === 'runtime' && bank !== undefined ? [`${effect.behaviour}@${bank}`] : [],
  );
  names.push(...more);
  const guest = `name=opt/org.twinbank/fault,string=${escapeComma(names.join(','))}`;
  const readOnly = faults.find(({ effect }) => effect.on === 'medium');
  if (readOnly && disk === 'ahci') {
    throw new TwinbankError(
      'usage',
      'usage.fault',
      `--fault ${readOnly.text}: expected a disk that QEMU attaches read-only (virtio, nvme, usb), found ahci`,
    );
  }
  return [
    ...(names.length > 0 ? ['-fw_cfg', guest] : []),
    ...(readOnly ? ['-set', 'drive.disk.readonly=on'] : []),
  ];
}

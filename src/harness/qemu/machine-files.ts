import { join } from 'node:path';

/** Where a machine's sockets and its copy of the firmware's variables are. */
export interface MachineFiles {
  readonly folder: string;
  readonly console: string;
  readonly qmp: string;
  readonly vmkd: string;
  readonly firmwareVariables: string;
}

export function machineFiles(folder: string, firmwareVariables?: string): MachineFiles {
  return {
    folder,
    console: join(folder, 'console.sock'),
    qmp: join(folder, 'qmp.sock'),
    vmkd: join(folder, 'vmkd.sock'),
    firmwareVariables: firmwareVariables ?? join(folder, 'vars.fd'),
  };
}

/** Debian's builds of OVMF: the program, and what a new machine's variables are copied from. */
export const ovmfCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const ovmfVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

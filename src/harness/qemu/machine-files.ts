import { join } from 'node:path';

/** Where a machine's sockets, its copy of the firmware's variables and its added disks are. */
export interface MachineFiles {
  readonly folder: string;
  readonly console: string;
  readonly qmp: string;
  readonly vmkd: string;
  readonly firmwareVariables: string;
  /** A folder. */
  readonly addedDisks: string;
}

/** What outlives a run of a machine; what is left out is new. */
export interface KeptFiles {
  /** File with the variables of a UEFI machine that has run before. */
  readonly firmwareVariables?: string | undefined;
  /** Folder with the added disks of a machine that has run before. */
  readonly addedDisks?: string | undefined;
}

export function machineFiles(folder: string, kept: KeptFiles = {}): MachineFiles {
  return {
    folder,
    console: join(folder, 'console.sock'),
    qmp: join(folder, 'qmp.sock'),
    vmkd: join(folder, 'vmkd.sock'),
    firmwareVariables: kept.firmwareVariables ?? join(folder, 'vars.fd'),
    addedDisks: kept.addedDisks ?? folder,
  };
}

/** Debian's builds of OVMF: the program, and what a new machine's variables are copied from. */
export const ovmfCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const ovmfVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

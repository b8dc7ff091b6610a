import type { QemuOptions, SmbiosValues } from '../machine/create-machine.ts';
import { defaultMachine, type MachineOptions } from './machine.ts';
import { imageNode } from './qemu-live-faults.ts';

export interface QemuDisk {
  readonly path: string;
  readonly firmwareVariables: string;
}

/** QEMU's options for one power-on of a test machine. */
export function qemuHardware(
  options: QemuOptions,
  disk: QemuDisk,
  words: { readonly clockJump: number; readonly extra: readonly string[] },
): MachineOptions {
  const { smbios = {}, signal: _signal, extra = [], ...hardware } = options;
  return {
    ...defaultMachine,
    ...hardware,
    ...{ image: disk.path, format: 'raw', write: true },
    firmwareVariables: disk.firmwareVariables,
    extra: [
      ...['-set', `drive.disk.node-name=${imageNode}`, '-action', 'reboot=reset'],
      ...clockWords(words.clockJump),
      ...smbiosWords(smbios),
      ...extra,
      ...words.extra,
    ],
  };
}

/** QEMU's clock goes on with the host's, from another moment. */
function clockWords(seconds: number): string[] {
  if (seconds === 0) return [];
  const base = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
  return ['-rtc', `base=${base}`];
}

function smbiosWords(tables: SmbiosValues): string[] {
  return Object.entries(tables).flatMap(([type, values]) => {
    const pairs = Object.entries(values).map(
      // In a list of QEMU's options a comma is written twice.
      ([name, value]) => `${name}=${value.replaceAll(',', ',,')}`,
    );
    return ['-smbios', [`type=${type}`, ...pairs].join(',')];
  });
}

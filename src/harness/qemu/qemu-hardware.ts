import type { CommonOptions } from '../machine/test-machine.ts';
import { defaultMachine, type MachineOptions } from './machine.ts';
import { imageNode } from './qemu-live-faults.ts';

/** SMBIOS (DMTF DSP0134): values by QEMU's names, such as `{ 1: { manufacturer: 'ACME', product: 'X1' } }`. */
export type SmbiosValues = Readonly<Record<number, Readonly<Record<string, string>>>>;

/** Hardware by the words of `boot`; what is left out is `defaultMachine`'s. */
export interface QemuOptions
  extends CommonOptions,
    Partial<Omit<MachineOptions, 'image' | 'format' | 'write' | 'writeLog' | 'firmwareVariables'>> {
  readonly smbios?: SmbiosValues;
}

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

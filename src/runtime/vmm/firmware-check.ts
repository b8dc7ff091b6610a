import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { firmwareCheckGroup, makeMachineGroup } from '../system/cgroup.ts';
import { killableWord } from '../system/oom-score.ts';

export interface FirmwareCheck {
  /** What the monitor ran on: the processor's own virtualisation, or emulation. */
  accelerator: 'kvm' | 'tcg';
  /** Lines that the virtual machine's firmware wrote. */
  firmware: string[];
  /** True when the firmware got as far as looking for something to boot. */
  started: boolean;
}

/** Into the pool of virtual machines first. */
const script = `echo 0 >"$1/cgroup.procs" && ${killableWord} && shift && exec "$@"`;
const monitor = '/usr/bin/qemu-system-x86_64';

const machine = [
  '-machine',
  'pc',
  '-m',
  '32',
  '-nodefaults',
  '-no-user-config',
  '-display',
  'none',
];
// SeaBIOS writes what it does to the debug port 0x402.
const debug = ['-chardev', 'stdio,id=log', '-device', 'isa-debugcon,iobase=0x402,chardev=log'];

/** Of what firmware and monitor say; SeaBIOS writes some thousand. */
const mostCharacters = 1 << 20;

/**
 * Starts a virtual machine without disks and follows its firmware until it looks for something to boot:
 * the proof that the monitor, its libraries and its firmware are whole. Throws what the system says when
 * there is no monitor. A machine that is not there after `timeoutMs` is ended and has not started.
 */
export function checkFirmware(timeoutMs: number): Promise<FirmwareCheck> {
  const accelerator = existsSync('/dev/kvm') ? 'kvm' : 'tcg';
  const group = makeMachineGroup(firmwareCheckGroup());
  const command = [monitor, ...machine, '-accel', accelerator, ...debug];
  const child = spawn('/bin/sh', ['-c', script, 'firmware-check', group, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const collect = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const isOver = /No bootable device/.test(text) || text.length > mostCharacters;
      if (isOver) child.kill('SIGKILL');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      const firmware = text.split('\n').filter((line) => line.trim());
      resolve({ accelerator, firmware, started: /No bootable device/.test(text) });
    });
  });
}

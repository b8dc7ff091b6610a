import { defaultMachine } from '../../../src/harness/qemu/machine.ts';
import type { Firmware } from '../../../src/harness/qemu/machine-options.ts';
import { type QemuMachine, startQemu } from '../../../src/harness/qemu/qemu.ts';
import { parseConsoleLine } from '../../../src/protocol/parse-console-line.ts';
import { type DiskFile, diskFile } from '../disk-file.ts';
import type { Key, Press } from '../planned-boots.ts';

/** A machine that boots one disk again and again, each time from what `disk` then holds. */
export interface Rig {
  /**
   * Resets the machine, or starts it, and gives the console's lines up to the one that matches. Throws,
   * with the end of the console, when none comes in two minutes; the next boot then has a new machine.
   */
  boot(bytes: Uint8Array, until: LastLine, presses?: readonly Press[]): Promise<string[]>;
  disk(): Buffer;
  close(): Promise<void>;
}

/** Says whether the line, one of those that came so far, is the last of a boot. */
export type LastLine = (line: string, lines: readonly string[]) => boolean;

const timeoutMs = 120_000;

/**
 * The disk is a raw file, which QEMU reads and writes through the host's page cache as we do. When the
 * stub kernel has halted, or GRUB waits at a prompt, nothing of it is in flight: the file can be changed,
 * and after a reset neither firmware nor loader remembers the old one.
 */
export function openRig(firmware: Firmware, size: number, writable: boolean): Rig {
  const file: DiskFile = diskFile(new Uint8Array(size));
  let machine: QemuMachine | undefined;
  const stop = async (): Promise<void> => {
    const old = machine;
    machine = undefined;
    await old?.stop();
  };
  const restart = async (): Promise<QemuMachine> => {
    if (machine) {
      await machine.qmp.call('system_reset');
      return machine;
    }
    machine = await startQemu({
      ...defaultMachine,
      ...{ image: file.path, firmware, write: true, accelerator: 'tcg', network: false },
      ...{ memory: 192 * 2 ** 20, cpus: 1 },
      extra: writable ? [] : ['-set', 'drive.disk.readonly=on'],
    });
    // The harness ends machines at a reset; this one goes on.
    await machine.qmp.call('set-action', { reboot: 'reset' });
    return machine;
  };
  return {
    async boot(bytes, until, presses = []) {
      for (let attempt = 1; ; attempt++) {
        file.set(bytes);
        const from = machine?.console.lines.length ?? 0;
        let started: QemuMachine | undefined;
        try {
          started = await restart();
          return await follow(started, from, until, presses);
        } catch (error) {
          const spoke = started?.console.lines.slice(from).some(isOurs) ?? true;
          await stop();
          // QEMU stalled in the firmware (one of 92 boots at load 8): nothing of what is tested has run yet.
          if (spoke || attempt > 1) throw error;
        }
      }
    },
    disk: () => file.get(),
    async close() {
      await stop();
      file.remove();
    },
  };
}

const isOurs = ({ text }: { readonly text: string }): boolean =>
  parseConsoleLine(text) !== undefined;

async function follow(
  machine: QemuMachine,
  from: number,
  until: LastLine,
  presses: readonly Press[],
): Promise<string[]> {
  const lines = (): string[] => machine.console.lines.slice(from).map(({ text }) => text);
  const waiting = [...presses];
  let pressed: Promise<unknown> = Promise.resolve();
  let at = from;
  const look = {
    test(): boolean {
      for (; at < machine.console.lines.length; at++) {
        const { text } = machine.console.lines[at] ?? { text: '' };
        const [after, key] = waiting[0] ?? [];
        if (after !== undefined && key && text.includes(after)) {
          waiting.shift();
          pressed = pressed.then(() => press(machine, key));
        }
        if (waiting.length === 0 && until(text, lines().slice(0, at - from + 1))) return true;
      }
      return false;
    },
  };
  const end = await machine.console.waitFor(look, { timeoutMs, from });
  await pressed;
  if ('line' in end) return lines();
  const tail = lines().slice(-15).join('\n');
  throw new Error(`${end.ended} while waiting for the end of a boot; the console's end:\n${tail}`);
}

async function press(machine: QemuMachine, key: Key): Promise<void> {
  if ('serial' in key) machine.type(key.serial);
  else {
    const keys = key.vga.split('-').map((data) => ({ type: 'qcode', data }));
    await machine.qmp.call('send-key', { keys });
  }
}

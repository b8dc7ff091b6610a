import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { runCommand } from './command.ts';
import { supervise } from './supervisor.ts';

/** linux/input-event-codes.h: EV_KEY and KEY_POWER; struct input_event is 24 bytes on 64-bit Linux. */
const EV_KEY = 1;
const KEY_POWER = 116;
const EVENT_BYTES = 24;

/** True when a chunk of input events holds a press of the power button. */
export function holdsPowerPress(events: Uint8Array): boolean {
  const view = new DataView(events.buffer, events.byteOffset, events.byteLength);
  for (let at = 0; at + EVENT_BYTES <= events.length; at += EVENT_BYTES) {
    const type = view.getUint16(at + 16, true);
    const code = view.getUint16(at + 18, true);
    const value = view.getInt32(at + 20, true);
    if (type === EV_KEY && code === KEY_POWER && value === 1) return true;
  }
  return false;
}

/** Event devices of power buttons, by the names that the kernel's ACPI button driver gives. */
export function findPowerButtons(): string[] {
  const folder = '/sys/class/input';
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('event'))
    .filter((name) => /power button/i.test(readFileSync(`${folder}/${name}/device/name`, 'utf8')))
    .map((name) => `/dev/input/${name}`);
}

/** Calls back when a power button is pressed. The reads block, so a child process does them. */
export function onPowerButton(devices: readonly string[], pressed: () => void): void {
  for (const device of devices) {
    supervise(
      { name: 'power button', path: '/bin/cat', args: [device] },
      {
        wanted: () => existsSync(device),
        onOutput: (chunk) => {
          if (holdsPowerPress(chunk)) pressed();
        },
      },
    );
  }
}

/**
 * Resets the machine without ending anything (kernel documentation, admin-guide/sysrq: `b`), for a system
 * that is not trusted any more. Does not come back.
 */
export async function resetNow(): Promise<never> {
  await runCommand('/bin/sync', [], { timeoutMs: syncTimeoutMs });
  writeFileSync('/proc/sysrq-trigger', 'b');
  return new Promise<never>(() => {});
}

/** A disk that hangs must not keep the system from its end. */
const syncTimeoutMs = 20_000;

/**
 * Asks busybox init, which is PID 1, to end the system: it runs the shutdown actions of inittab, ends
 * every process, and then does what the signal says.
 */
export async function endSystem(how: 'power-off' | 'reboot'): Promise<void> {
  await runCommand('/bin/sync', [], { timeoutMs: syncTimeoutMs });
  // For `stop`, where init itself would wait for a server that is away.
  writeFileSync('/run/twinbank/ending', how === 'power-off' ? 'poweroff' : 'reboot');
  process.kill(1, how === 'power-off' ? 'SIGUSR2' : 'SIGTERM');
}

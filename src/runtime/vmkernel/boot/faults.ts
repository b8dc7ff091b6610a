import { existsSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { runCommand } from '../../system/command.ts';
import { assertOwnFolder, createOwnFile } from '../../system/root-file.ts';

/** Faults that a test harness can ask of the running system; init plays the first two. */
export type RuntimeFault = 'kernel-panic' | 'init-hang' | 'agent-dead' | 'no-confirm';

/**
 * What the host of a virtual machine asks for, by QEMU's firmware configuration: only who owns the machine
 * can set it, and real hosts have no such device.
 */
const file = '/sys/firmware/qemu_fw_cfg/by_name/opt/org.twinbank/fault/raw';

/** The faults for the bank that runs: `NAME@BANK`, separated by commas; without a bank for every one. */
export function faultsFor(bank: number | undefined, path = file): ReadonlySet<string> {
  if (!existsSync(path)) return new Set();
  const names = readFileSync(path, 'utf8').trim().split(',').filter(Boolean);
  const own = names.filter((name) => !name.includes('@') || name.endsWith(`@${bank}`));
  return new Set(own.map((name) => name.split('@')[0] ?? ''));
}

const killDelayMs = 200;

/** The file that takes all room of a file system. */
const ballast = '.twinbank-ballast';

/**
 * Methods for faults that come and go while the system runs: only for a machine whose owner asked for them with the
 * word `live`. `fault.fill` leaves no room where `path`, a folder, is; `fault.free` gives it back. `fault.kill` ends vmkd by SIGKILL,
 * `fault.panic` makes the kernel panic.
 */
export function faultMethods(
  faults: ReadonlySet<string>,
  allocate = '/bin/busybox',
  killVmkd = (): void => void process.kill(process.pid, 'SIGKILL'),
  panicTrigger = '/proc/sysrq-trigger',
): Record<string, Method> {
  if (!faults.has('live')) return {};
  return {
    'fault.fill': async ({ path }) => {
      const file = ballastOf(path);
      createOwnFile(file, '', { mode: 0o600 });
      const { bavail, bsize } = statfsSync(String(path));
      const bytes = bavail * bsize;
      const args = ['fallocate', '-l', String(bytes), file];
      const end = bytes > 0 ? await runCommand(allocate, args, { timeoutMs: 60_000 }) : undefined;
      if (end && end.code !== 0) throw new RpcError('internal', `${file}: ${end.output}`);
      return { path, bytes };
    },
    // The answer goes out first.
    'fault.kill': () => {
      setTimeout(killVmkd, killDelayMs);
      return {};
    },
    // The answer may be lost with the system.
    'fault.panic': () => {
      writeFileSync(panicTrigger, 'c');
      return {};
    },
    'fault.free': async ({ path }) => {
      rmSync(ballastOf(path), { force: true });
      return { path };
    },
  };
}

function ballastOf(path: unknown): string {
  if (typeof path === 'string' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    assertOwnFolder(path);
    return join(path, ballast);
  }
  const found = JSON.stringify(path ?? null).slice(0, 80);
  throw new RpcError('usage', `path: expected a folder, found ${found}`);
}

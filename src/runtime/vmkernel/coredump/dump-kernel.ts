import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { baseOrigin } from '../../../bootloader/bank-manifest.ts';
import { openFileDevice } from '../../../disk/file-device.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import { runCommand } from '../../system/command.ts';
import { createOwnFile } from '../../system/root-file.ts';
import type { BankPartition } from '../boot/bank-partition.ts';
import { diskDrivers } from './disk-drivers.ts';
import { type DumpPlace, dumpCommandLine } from './dump-command-line.ts';
import { encodeDumpInitramfs, parseLibraries, type SystemFile } from './dump-initramfs.ts';
import { moduleOrder } from './module-order.ts';

const programs = { kexec: '/usr/sbin/kexec', makedumpfile: '/usr/bin/makedumpfile' };
const dynamicLoader = '/lib64/ld-linux-x86-64.so.2';
/** In memory, and only root's. */
const folder = '/run/twinbank/dump-kernel';

/**
 * Loads the bank's own kernel into the memory that is kept for it: a panic starts it, with the bank's initramfs and what a dump needs beside
 * it. Both are what the signed manifest of the base lists. Throws one sentence.
 */
export async function loadDumpKernel(bank: BankPartition, place: DumpPlace): Promise<void> {
  for (const path of Object.values(programs)) {
    if (!existsSync(path)) throw new Error(`the bank has no ${path}`);
  }
  const kernel = readBankFiles(bank, ['vmkernel', 'boot.v00']);
  const own = encodeDumpInitramfs({
    program: readFileSync(programs.makedumpfile),
    libraries: await readLibraries(programs.makedumpfile),
    drivers: readDrivers(diskDrivers(bank.disk.replace('/dev/', ''))),
  });
  const files = { kernel: join(folder, 'vmkernel'), initramfs: join(folder, 'initramfs') };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    createOwnFile(files.kernel, kernel.vmkernel ?? '', { mode: 0o600 });
    const whole = Buffer.concat([kernel['boot.v00'] ?? Buffer.alloc(0), own]);
    createOwnFile(files.initramfs, whole, { mode: 0o600 });
    const command = dumpCommandLine(readFileSync('/proc/cmdline', 'utf8'), place);
    const args = ['-p', '-a', files.kernel, `--initrd=${files.initramfs}`];
    const end = await runCommand(programs.kexec, [...args, `--command-line=${command}`], {
      timeoutMs: 60_000,
    });
    if (end.code !== 0) throw new Error(`kexec did not take the kernel: ${end.output}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files of the bank, each held against the manifest of its base. */
function readBankFiles(bank: BankPartition, names: readonly string[]): Record<string, Uint8Array> {
  const device = openFileDevice(bank.device);
  try {
    const { volume, manifests } = readBankForUpdate(bank.number, device);
    const base = manifests.find(({ manifest }) => manifest.origin === baseOrigin)?.manifest;
    const files = names.map((name) => {
      const bytes = volume?.read(name) ?? new Uint8Array();
      const listed = base?.modules.find(({ file }) => file === name)?.sha256;
      if (listed !== createHash('sha256').update(bytes).digest('hex')) {
        throw new Error(`${name} of bank ${bank.number} is not what its manifest lists`);
      }
      return [name, bytes];
    });
    return Object.fromEntries(files);
  } finally {
    device.close();
  }
}

async function readLibraries(program: string): Promise<SystemFile[]> {
  const end = await runCommand(dynamicLoader, ['--list', program]);
  if (end.code !== 0) throw new Error(`${program} cannot be loaded: ${end.output}`);
  return [...new Set([dynamicLoader, ...parseLibraries(end.output)])].map(readSystemFile);
}

/** Of the modules that the system has as files; those of the initramfs it has loaded and forgotten, and the dump kernel has them as well. */
function readDrivers(modules: readonly string[]): SystemFile[] {
  const base = `/lib/modules/${release()}`;
  const paths = moduleOrder(readFileSync(`${base}/modules.dep`, 'utf8'), modules);
  return paths
    .map((path) => join(base, path))
    .filter((path) => existsSync(path))
    .map(readSystemFile);
}

function readSystemFile(path: string): SystemFile {
  return { path, data: readFileSync(path) };
}

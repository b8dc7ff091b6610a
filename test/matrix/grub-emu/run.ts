import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grubScript } from '../../../src/bootloader/grub-script.ts';
import { linePrefix } from '../../../src/protocol/console-event.ts';
import { type MatrixDisk, matrixDisk } from '../disk.ts';
import { type DiskFile, diskFile } from '../disk-file.ts';

export const hasGrubEmu = spawnSync('grub-emu', ['--version']).status === 0;

/** A key to send once a line with this text was printed. */
export type KeyPress = readonly [after: string, key: string];

/** A disk for grub-emu, with the generated script in its end mode `halt`. */
export interface EmuDisk extends MatrixDisk {
  readonly file: DiskFile;
  /** The disk that is expected; made anew for each boot. */
  readonly work: Buffer;
}

/**
 * The rescue prompt, too, ends at once unless it gets time. With `draw` GRUB draws its own menu, as it does on a BIOS
 * machine while Shift is held.
 */
export function emuDisk(
  banks: readonly number[],
  times: { hiddenTimeout?: number; rescueTimeout?: number } = {},
  draw = false,
): EmuDisk {
  const none = { hiddenTimeout: 0, rescueTimeout: 0 };
  const script = grubScript({ banks, end: 'halt', ...none, ...times });
  const disk = matrixDisk(banks, {
    grubCfg: draw ? script.replaceAll('timeout_style="hidden"', 'timeout_style="menu"') : script,
  });
  const file = diskFile(disk.bytes);
  writeFileSync(join(file.folder, 'device.map'), `(hd0) ${file.path}\n`);
  return { ...disk, file, work: Buffer.from(disk.bytes) };
}

export interface EmuRun {
  /** Every line of the loader's, in order. */
  readonly lines: readonly string[];
  readonly screen: string;
}

const running = new Set<ChildProcess>();

/** Ends the runs that a failed test has left: a grub-emu without its disk never ends by itself. */
export function endGrubEmus(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Runs the script in Debian's grub-emu to its halt, on the disk's file as it is. */
export async function runGrubEmu(
  { file }: EmuDisk,
  keys: readonly KeyPress[] = [],
): Promise<EmuRun> {
  const args = ['-d', '/grub', '-m', join(file.folder, 'device.map'), '-r', 'hd0,gpt1'];
  // It writes single characters: a file takes them without waking anybody up.
  const output = join(file.folder, 'screen');
  const to = keys.length === 0 ? openSync(output, 'w') : 'pipe';
  const child = spawn('grub-emu', args, { stdio: [keys.length === 0 ? 'ignore' : 'pipe', to, to] });
  running.add(child);
  child.once('close', () => running.delete(child));
  let screen = await watch(child, [...keys], () => lastOf(output));
  if (typeof to === 'number') {
    closeSync(to);
    screen = readFileSync(output, 'latin1');
  }
  const text = plain(screen);
  const lines = text
    .split(/[\r\n]+/)
    .filter((line) => line.includes(linePrefix))
    .map((line) => line.slice(line.indexOf(linePrefix)).trimEnd());
  return { lines, screen: text };
}

function lastOf(output: string): string {
  return existsSync(output) ? readFileSync(output, 'latin1') : '';
}

function watch(child: ChildProcess, keys: KeyPress[], written: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let screen = '';
    let seen = 0;
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`grub-emu did not halt within 40 s:\n${plain(screen || written())}`));
    }, 40_000);
    child.once('error', reject);
    child.stdout?.on('data', (chunk: Buffer) => {
      screen += chunk.toString('latin1');
      const [text, key] = keys[0] ?? [];
      if (text === undefined || !screen.includes(text, seen)) return;
      seen = screen.length;
      keys.shift();
      // Not at once: the prompt is printed before its menu is open.
      setTimeout(() => child.stdin?.write(key ?? ''), 150);
    });
    child.once('close', () => {
      clearTimeout(limit);
      resolve(screen);
    });
  });
}

/** Without cursor movement and colours. */
function plain(screen: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return screen.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '\n');
}

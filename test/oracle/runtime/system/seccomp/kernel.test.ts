import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  agentFilter,
  type FilterRow,
} from '../../../../../src/runtime/system/seccomp/agent-filter.ts';
import { encodeProgram } from '../../../../../src/runtime/system/seccomp/instruction.ts';
import { syscallNumbers } from '../../../../../src/runtime/system/seccomp/syscall-numbers.ts';
import { simulateFilter } from '../../../../support/seccomp-simulator.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';
import { judgedBy } from '../../../components/foreign-tool.ts';

/** Stands in the sixth argument of the calls to be judged; the program that asks makes others, too. */
const cookie = 0x5eccc0de;
/** Errors that the kernel gives for nothing else here: what the filter allows, and whom it ends. */
const [allowed, killed] = [201, 202];

/** The filter for calls with the cookie, in words instead of deeds, so that it may be asked about exit_group and reboot. */
function spoken(filter: Uint8Array): Uint8Array {
  const program = Array.from({ length: filter.length / 8 }, (_, index) => {
    const view = new DataView(filter.buffer, index * 8, 8);
    const code = view.getUint16(0, true);
    const k = view.getUint32(4, true);
    const word =
      code !== 6 ? k : k === 0x7fff0000 ? allowed : k === 0x80000000 ? killed : undefined;
    const said = code === 6 && word !== undefined ? 0x50000 + word : k;
    return { code, jt: view.getUint8(2), jf: view.getUint8(3), k: said };
  });
  return encodeProgram([
    { code: 0x20, jt: 0, jf: 0, k: 16 + 8 * 5 },
    { code: 0x15, jt: 1, jf: 0, k: cookie },
    { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
    ...program,
  ]);
}

/** What the kernel answers to each call (number, then arguments), by perl's syscall in a world that has the filter. */
function askKernel(filter: Uint8Array, calls: readonly (readonly number[])[]): number[] {
  const folder = temporaryFiles({});
  const path = join(folder, 'filter');
  writeFileSync(path, spoken(filter));
  const fd = openSync(path, 'r');
  // An errno, or nothing where the kernel did it.
  const ask =
    'while (<STDIN>) { $! = 0; my @c = map { $_ + 0 } split; syscall(shift @c, @c); print $! + 0, "\\n" }';
  const view = ['--ro-bind', '/', '/', '--dev', '/dev', '--unshare-user'];
  const args = [...view, '--seccomp', '3', 'perl', '-e', ask];
  const input = calls.map((call) => `${call.join(' ')}\n`).join('');
  const { status, stdout, stderr } = spawnSync('bwrap', args, {
    ...{ input, encoding: 'utf8' },
    stdio: ['pipe', 'pipe', 'pipe', fd],
  });
  closeSync(fd);
  if (status !== 0) throw new Error(`bwrap: ${status}: ${stderr}`);
  return stdout.trim().split('\n').map(Number);
}

const rows: readonly (readonly [string, FilterRow])[] = [
  ['nothing more', {}],
  ['devices and the network', { seccomp: ['devices'], network: 'outgoing' }],
];
const interesting = [
  ...[0, 1, 2, 3, 6, 9, 10, 15, 16, 26, 38, 0x5412, 0x541c, 0x5421, 0x8028690d, 0x10000000],
  ...[0x10000011, 0x20000000, 0x80000000, 0xffffffff, 0x100000001, 0xdead00000009],
];

judgedBy(['bwrap', 'perl'], () => {
  test.each(rows)('gives the answers that the kernel gives, to every call: %s', (_what, row) => {
    const filter = agentFilter(row);
    // 335 and 336 are answered by newer kernels without asking a filter (uretprobe, uprobe): SIGILL.
    const numbers = [...syscallNumbers.values(), 337, 423, 451, 600, 0x3fffffff, 0x40000001];
    const calls = numbers.flatMap((number, index) =>
      interesting.map((value, step) => {
        const other = interesting[(index + step * 7) % interesting.length] ?? 0;
        const args = [0, 1, 2, 3, 4].map((argument) => (argument === step % 4 ? value : other));
        return [number, ...args, cookie];
      }),
    );
    const words = { allow: allowed, kill: killed };
    const expected = calls.map(([number = 0, ...args]) => {
      const said = simulateFilter(filter, { number, args });
      return typeof said === 'number' ? said : words[said];
    });
    expect(new Set(expected)).toEqual(new Set([1, 38, allowed, killed]));
    expect(askKernel(filter, calls)).toEqual(expected);
  });
});

const header = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
test.skipIf(!existsSync(header))(
  "knows the calls of this machine's kernel headers by their numbers",
  () => {
    const defined = [...readFileSync(header, 'utf8').matchAll(/define __NR_(\w+) (\d+)/g)];
    expect(defined.length).toBeGreaterThan(300);
    const wrong = defined
      .map(([, name = '', number]) => [name, Number(number), syscallNumbers.get(name)])
      .filter(([, number, known]) => known !== undefined && known !== number);
    expect(wrong).toEqual([]);
    expect(
      [...syscallNumbers.keys()].filter((name) => !defined.some((one) => one[1] === name)),
    ).toEqual([]);
  },
);

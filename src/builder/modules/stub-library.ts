import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../host/run-tool.ts';

/** A function that a stub has. */
export interface StubFunction {
  readonly name: string;
  readonly version: string | undefined;
  /** Whoever names no version gets this one. */
  readonly isDefault: boolean;
}

/** A library of which nothing is used: all that its stub has to have so that programs start. */
export interface StubLibrary {
  /** The name that programs and libraries link. */
  readonly soname: string;
  /** The recipe's key that names it, for the message. */
  readonly place: string;
  readonly functions: readonly StubFunction[];
  /** All versions that are demanded of it; those of functions among them. */
  readonly versions: readonly string[];
}

/**
 * A shared library with the same name and functions, none of which does anything but end the program: it writes what was
 * called to standard error and raises SIGABRT. The same library always gives the same bytes. Throws
 * `host.tool-missing`.
 */
export async function makeStub(library: StubLibrary, scratch: string): Promise<Uint8Array> {
  const folder = join(scratch, 'stubs', library.soname);
  await mkdir(folder, { recursive: true });
  const [source, object, versions, output] = ['stub.s', 'stub.o', 'versions', 'stub.so'];
  await writeFile(join(folder, source), stubSource(library));
  await writeFile(join(folder, versions), versionScript(library));
  await runTool('as', ['--64', '-o', object, source], { cwd: folder });
  await runTool(
    'ld',
    [
      ...['-m', 'elf_x86_64', '-shared', '-soname', library.soname, '-o', output],
      // One page of code and one of the loader's table: each segment of its own would be another 4 KiB.
      ...[
        '-z',
        'noexecstack',
        '-z',
        'noseparate-code',
        '--hash-style=gnu',
        '--build-id=none',
        '-s',
      ],
      ...(library.versions.length > 0 ? ['--version-script', versions] : []),
      object,
    ],
    { cwd: folder },
  );
  return readFile(join(folder, output));
}

/** ld's form: `VERSION { };`. What no version names stays without one. */
function versionScript({ versions }: StubLibrary): string {
  return versions.map((version) => `${version} { };\n`).join('');
}

/** What the program says as it ends. */
function complaint({ soname, place }: StubLibrary, name: string): string {
  return `${soname}: expected nothing to call ${name}, which ${place} leaves out, found a call\n`;
}

/** Assembly for x86-64 (System V ABI): no function returns, so none saves a register or keeps the stack aligned. */
function stubSource(library: StubLibrary): string {
  const functions = library.functions.map(({ name, version, isDefault }, index) => {
    const text = complaint(library, name);
    const label = version === undefined ? name : `__stub_${index}`;
    const lines = [
      `.globl ${label}`,
      `.type ${label}, @function`,
      `${label}:`,
      `  lea .Ltext_${index}(%rip), %rsi`,
      `  mov $${Buffer.byteLength(text)}, %edx`,
      '  jmp .Lend_program',
      `.size ${label}, . - ${label}`,
      ...(version === undefined
        ? []
        : [`.symver ${label}, ${name}${isDefault ? '@@' : '@'}${version}, remove`]),
    ];
    return { lines, text: `.Ltext_${index}: .ascii ${JSON.stringify(text)}` };
  });
  return [
    '.text',
    ...functions.flatMap(({ lines }) => lines),
    ...endProgram,
    '.section .rodata',
    ...functions.map(({ text }) => text),
    '.Labort_signal: .quad 1 << (6 - 1)',
    '',
  ].join('\n');
}

/**
 * Writes the %rdx bytes at %rsi and aborts, by system calls alone: a signal handler may have called, with any lock held.
 * SIGABRT may be blocked or have a handler, as abort(3) says, too: it is unblocked, and where the program is still there
 * after it, it exits with 134, as a shell names that signal. Numbers: Linux, arch/x86/entry/syscalls/syscall_64.tbl.
 */
const endProgram = [
  '.Lend_program:',
  ...call(1, ['mov $2, %edi']), // write to standard error
  'cmp $-4, %rax', // EINTR
  'je .Lend_program',
  // rt_sigprocmask: SIG_UNBLOCK
  ...call(14, [
    'mov $1, %edi',
    'lea .Labort_signal(%rip), %rsi',
    'xor %edx, %edx',
    'mov $8, %r10d',
  ]),
  ...call(39), // getpid
  'mov %eax, %ebx',
  ...call(186), // gettid
  ...call(234, ['mov %ebx, %edi', 'mov %eax, %esi', 'mov $6, %edx']), // tgkill: SIGABRT
  ...call(231, ['mov $134, %edi']), // exit_group
];

function call(number: number, args: readonly string[] = []): string[] {
  return [...args, `mov $${number}, %eax`, 'syscall'];
}

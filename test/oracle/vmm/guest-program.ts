import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../components/foreign-tool.ts';

/** What a guest does: each is a boot sector, which the firmware puts at 7c00h and starts. */
const programs = {
  /** Reads sector 1 of the disk it was started from and writes it to sector 2, by the firmware. */
  disk: `
    mov $0x42, %ah
    mov $packet, %si
    int $0x13
    jc failed
    movb $2, packet + 8
    mov $0x4300, %ax
    mov $packet, %si
    int $0x13
    jc failed`,
  /** Nothing more: that it was started shows that it was loaded. */
  idle: '',
  /** 320 x 200 points in 190 colours that run from corner to corner: more than a palette takes, and fit for JPEG. */
  picture: `
    mov $0x13, %ax
    int $0x10
    mov $0x3c8, %dx
    xor %ax, %ax
    out %al, %dx
    inc %dx
    xor %cx, %cx
  color: # of 6 bits each, red first: n / 4, (n + 1) / 4, (n + 2) / 4
    mov %cx, %bx
    mov $3, %si
  part:
    mov %bx, %ax
    shr $2, %ax
    cmp $63, %al
    jbe fits
    mov $63, %al
  fits:
    out %al, %dx
    inc %bx
    dec %si
    jnz part
    inc %cx
    cmp $256, %cx
    jne color
    mov $0xa000, %ax
    mov %ax, %es
    xor %di, %di
    xor %bx, %bx
  row:
    xor %cx, %cx
  point:
    mov %cx, %ax
    add %bx, %ax
    shr $1, %ax
    stosb
    inc %cx
    cmp $320, %cx
    jne point
    inc %bx
    cmp $200, %bx
    jne row`,
};

/** The line that a guest writes to its debug console when it has done its work. */
export const done = 'twinbank: the guest is done';
export const failure = 'twinbank: the guest failed';

/** A boot sector, made by the assembler. `folder` is for its files. */
export function guestProgram(name: keyof typeof programs, folder: string): Buffer {
  const [source, object, binary] = ['s', 'o', 'bin'].map((end) => join(folder, `${name}.${end}`));
  writeFileSync(
    source!,
    `
    .code16
    .globl _start
  _start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    cld
    ${programs[name]}
    mov $done, %si
    jmp say
  failed:
    mov $failure, %si
  say:
    mov $0x402, %dx
  next:
    lodsb
    test %al, %al
    jz end
    out %al, %dx
    jmp next
  end:
    cli
    hlt
    jmp end
  done: .asciz "${done}\\n"
  failure: .asciz "${failure}\\n"
  packet: # INT 13h extensions: size, sectors, where to (offset, segment), which sector
    .word 16, 1, 0x8000, 0
    .quad 1
    .org 510
    .word 0xaa55
  `,
  );
  judge('as', ['--32', '-o', object!, source!]);
  judge('ld', ['-m', 'elf_i386', '-Ttext=0x7c00', '--oformat=binary', '-o', binary!, object!]);
  return readFileSync(binary!);
}

/** A disk of 1 MiB that starts a guest; sector 1 has random bytes, which are returned. */
export function writeDisk(path: string, program: Buffer): Buffer {
  const sector = randomBytes(512);
  writeFileSync(path, Buffer.concat([program, sector, Buffer.alloc(2 ** 20 - 1024)]));
  return sector;
}

/**
 * Instructions of classic BPF as seccomp takes them (kernel documentation: networking/filter, userspace-api/seccomp_filter; `struct
 * sock_filter` of linux/filter.h). Jumps count from the instruction after them.
 */
export interface Instruction {
  readonly code: number;
  /** Instructions to pass over where the comparison holds, and where it does not: 255 at most. */
  readonly jt: number;
  readonly jf: number;
  /** An offset, a mask, a number to compare with, or what is returned: 32 bits without a sign. */
  readonly k: number;
}

/** linux/bpf_common.h: class, size or operation, and mode added up. */
export const codes = {
  /** BPF_LD | BPF_W | BPF_ABS: a word of {@link seccompData} into the accumulator. */
  load: 0x20,
  /** BPF_ALU | BPF_AND | BPF_K. */
  and: 0x54,
  /** BPF_JMP | BPF_JA. */
  jump: 0x05,
  /** BPF_JMP | BPF_JEQ | BPF_K. */
  jumpIfEqual: 0x15,
  /** BPF_JMP | BPF_JGE | BPF_K, without a sign. */
  jumpIfAtLeast: 0x35,
  /** BPF_RET | BPF_K. */
  return: 0x06,
} as const;

/** Offsets in `struct seccomp_data` (linux/seccomp.h). */
export const seccompData = {
  number: 0,
  architecture: 4,
  /** The low half of an argument, all that the kernel reads of an `int`. */
  argument: (index: number): number => 16 + 8 * index,
} as const;

/** linux/seccomp.h; an errno is added to the last. */
export const returns = {
  killProcess: 0x8000_0000,
  allow: 0x7fff_0000,
  errno: 0x0005_0000,
} as const;

/** BPF_MAXINSNS: the kernel takes no longer program. */
const mostInstructions = 4096;
const farthestJump = 255;

/** An instruction that is no comparison. */
export const plain = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k });

/** Passes over `distance` instructions where the accumulator is `k` or more, however far that is. */
export function skipIfAtLeast(k: number, distance: number): Instruction[] {
  const code = codes.jumpIfAtLeast;
  if (distance <= farthestJump) return [{ code, jt: distance, jf: 0, k }];
  return [{ code, jt: 0, jf: 1, k }, plain(codes.jump, distance)];
}

/** A program as the kernel, and bwrap's `--seccomp`, read it: 8 bytes an instruction. Throws RangeError for one that the kernel would refuse. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array {
  if (program.length > mostInstructions) {
    throw new RangeError(
      `expected at most ${mostInstructions} instructions, found ${program.length}`,
    );
  }
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    if (Math.max(jt, jf) > farthestJump) {
      throw new RangeError(`expected jumps of at most ${farthestJump}, found ${Math.max(jt, jf)}`);
    }
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, jt);
    bytes.setUint8(index * 8 + 3, jf);
    bytes.setUint32(index * 8 + 4, k, true);
  }
  return new Uint8Array(bytes.buffer);
}

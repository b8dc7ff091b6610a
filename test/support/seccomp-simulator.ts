/** What a filter is asked about: `struct seccomp_data`, arguments as whole registers. */
export interface Call {
  readonly number: number;
  readonly architecture?: number;
  readonly args?: readonly (number | bigint)[];
}

const x86_64 = 0xc000003e;

/**
 * Runs a program of classic BPF as the kernel's seccomp_run_filters does, from its bytes alone: `allow`, `kill`, or the errno. Throws for
 * what the kernel's checker (net/core/filter.c: bpf_check_classic, kernel/seccomp.c: seccomp_check_filter) refuses.
 */
export function simulateFilter(program: Uint8Array, call: Call): 'allow' | 'kill' | number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number >>> 0, true);
  data.setUint32(4, call.architecture ?? x86_64, true);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true);
  }
  let accumulator = 0;
  for (let at = 0; ; at++) {
    if (at * 8 >= program.length) throw new Error(`the program ends at ${at} without a return`);
    const [jt, jf] = [code.getUint8(at * 8 + 2), code.getUint8(at * 8 + 3)];
    const k = code.getUint32(at * 8 + 4, true);
    const operation = code.getUint16(at * 8, true);
    if (operation === 0x20) {
      if (k % 4 !== 0 || k >= 64) throw new Error(`${at}: a load from ${k}`);
      accumulator = data.getUint32(k, true);
    } else if (operation === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (operation === 0x05) at += k;
    else if (operation === 0x15) at += accumulator === k ? jt : jf;
    else if (operation === 0x35) at += accumulator >= k ? jt : jf;
    else if (operation === 0x06) return answerOf(k);
    else throw new Error(`${at}: operation 0x${operation.toString(16)}`);
  }
}

function answerOf(value: number): 'allow' | 'kill' | number {
  if (value === 0x7fff0000) return 'allow';
  if (value === 0x80000000) return 'kill';
  if (value >>> 16 === 5) return value & 0xffff;
  throw new Error(`returns 0x${value.toString(16)}`);
}

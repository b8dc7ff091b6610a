import type { ArgumentTest, CallRule, CallRules } from './call-rule.ts';
import {
  codes,
  type Instruction,
  plain,
  returns,
  seccompData,
  skipIfAtLeast,
} from './instruction.ts';
import { firstUnknown, syscallNumbers } from './syscall-numbers.ts';

/** linux/audit.h: AUDIT_ARCH_X86_64. */
const x86_64 = 0xc000_003e;
/** asm/unistd.h: calls of the x32 interface have this bit. */
const x32Bit = 0x4000_0000;
/** asm-generic/errno-base.h and errno.h. */
const errors = { EPERM: 1, ENOSYS: 38 } as const;

const answer = (value: number): Instruction => plain(codes.return, value >>> 0);
const refuse = (name: keyof typeof errors): Instruction => answer(returns.errno + errors[name]);
const kill = answer(returns.killProcess);

/** From its number up to the next one's, all calls are answered by the same program. */
interface NumberRange {
  readonly from: number;
  readonly program: readonly Instruction[];
}

/**
 * The program that decides on system calls by rules. It ends a process that calls by another architecture or by x32, as no program of
 * ours does. What no rule names is EPERM, not the end: libraries try calls and go on without them (Node io_uring, glibc rseq), and each
 * such try would otherwise be an outage. Numbers that this table does not know are ENOSYS, what an older kernel says, for which glibc has
 * a second way. Throws an Error for a name that is no call.
 */
export function compileFilter(rules: CallRules): Instruction[] {
  const tree = searchTree(rangesOf(rules));
  return [
    plain(codes.load, seccompData.architecture),
    { code: codes.jumpIfEqual, jt: 1, jf: 0, k: x86_64 },
    kill,
    plain(codes.load, seccompData.number),
    ...tree,
  ];
}

function rangesOf(rules: CallRules): NumberRange[] {
  const byNumber = new Map(
    Object.entries(rules).map(([name, rule]) => [numberOf(name), programOf(rule)] as const),
  );
  const known = new Set(syscallNumbers.values());
  const refused = [refuse('EPERM')];
  const unknown = [refuse('ENOSYS')];
  const ranges: NumberRange[] = [];
  const add = (from: number, program: readonly Instruction[]): void => {
    const last = ranges.at(-1);
    if (!last || !isSame(last.program, program)) ranges.push({ from, program });
  };
  for (let number = 0; number < firstUnknown; number++) {
    add(number, byNumber.get(number) ?? (known.has(number) ? refused : unknown));
  }
  add(firstUnknown, unknown);
  add(x32Bit, [kill]);
  return ranges;
}

function numberOf(name: string): number {
  const number = syscallNumbers.get(name);
  if (number === undefined) throw new Error(`expected a system call of x86-64, found ${name}`);
  return number;
}

function isSame(one: readonly Instruction[], other: readonly Instruction[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Halves the ranges until one is left: about eight comparisons a call. */
function searchTree(ranges: readonly NumberRange[]): Instruction[] {
  const middle = ranges.length >> 1;
  const upper = ranges.slice(middle);
  const [first] = upper;
  if (!first) return [];
  if (middle === 0) return [...first.program];
  const low = searchTree(ranges.slice(0, middle));
  return [...skipIfAtLeast(first.from, low.length), ...low, ...searchTree(upper)];
}

function programOf(rule: CallRule): readonly Instruction[] {
  if (rule === 'allow') return [answer(returns.allow)];
  if (rule === 'missing') return [refuse('ENOSYS')];
  return [...rule.anyOf.flatMap(allowWhere), refuse('EPERM')];
}

/** Allows where all tests hold, and goes on behind otherwise. */
function allowWhere(tests: readonly ArgumentTest[]): Instruction[] {
  let program = [answer(returns.allow)];
  for (const test of tests.toReversed()) {
    program = [...testArgument(test, program.length), ...program];
  }
  return program;
}

/** Goes on where the test holds, and passes over `skipped` instructions where it does not. */
function testArgument(test: ArgumentTest, skipped: number): Instruction[] {
  const { argument, mask, notIn = [] } = test;
  const compare = (k: number, jt: number, jf: number): Instruction => ({
    code: codes.jumpIfEqual,
    jt,
    jf,
    k: k >>> 0,
  });
  const allowed = test.in?.map((value, index, { length }) => {
    const left = length - 1 - index;
    return left === 0 ? compare(value, 0, skipped) : compare(value, left, 0);
  });
  const allowedCount = allowed?.length ?? 0;
  const refused = notIn.map((value, index) => {
    const left = notIn.length - 1 - index;
    return compare(value, left + allowedCount + skipped, 0);
  });
  return [
    plain(codes.load, seccompData.argument(argument)),
    ...(mask === undefined ? [] : [plain(codes.and, mask >>> 0)]),
    ...refused,
    ...(allowed ?? []),
  ];
}

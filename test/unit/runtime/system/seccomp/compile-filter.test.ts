import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallRule, CallRules } from '../../../../../src/runtime/system/seccomp/call-rule.ts';
import { compileFilter } from '../../../../../src/runtime/system/seccomp/compile-filter.ts';
import { encodeProgram } from '../../../../../src/runtime/system/seccomp/instruction.ts';
import { syscallNumbers } from '../../../../../src/runtime/system/seccomp/syscall-numbers.ts';
import { type Call, simulateFilter } from '../../../../support/seccomp-simulator.ts';

const [EPERM, ENOSYS] = [1, 38];
const compile = (rules: CallRules): Uint8Array => encodeProgram(compileFilter(rules));
const nameOf = new Map([...syscallNumbers].map(([name, number]) => [number, name]));

/** What the rules mean, told as simply as it can be. */
function expected(rules: CallRules, { number, architecture, args = [] }: Call) {
  if (architecture !== undefined && architecture !== 0xc000003e) return 'kill';
  if (number >>> 0 >= 0x40000000) return 'kill';
  const name = nameOf.get(number);
  if (name === undefined) return ENOSYS;
  const rule = rules[name];
  if (rule === undefined) return EPERM;
  if (rule === 'allow') return 'allow';
  if (rule === 'missing') return ENOSYS;
  const holds = rule.anyOf.some((tests) =>
    tests.every((one) => {
      const value = Number(BigInt.asUintN(32, BigInt(args[one.argument] ?? 0)));
      const seen = (value & (one.mask ?? -1)) >>> 0;
      const has = (list: readonly number[]) => list.some((each) => each >>> 0 === seen);
      return (one.in === undefined || has(one.in)) && (one.notIn === undefined || !has(one.notIn));
    }),
  );
  return holds ? 'allow' : EPERM;
}

// Few values, so that tests hold as often as they do not.
const value = fc.constantFrom(0, 1, 2, 3, 7, 0x10, 0x7fffffff, 0x80000000, 0xffffffff);
const some = fc.array(value, { minLength: 1, maxLength: 5 }) as fc.Arbitrary<[number, ...number[]]>;
const argumentTest = fc.record(
  { argument: fc.nat(5), mask: value, in: some, notIn: some },
  { requiredKeys: ['argument'] },
);
const rule: fc.Arbitrary<CallRule> = fc.oneof(
  fc.constantFrom('allow' as const, 'missing' as const),
  fc.record({ anyOf: fc.array(fc.array(argumentTest, { maxLength: 3 }), { maxLength: 4 }) }),
);
const names = [...syscallNumbers.keys()];
const someRules = fc.dictionary(fc.constantFrom(...names), rule, { maxKeys: 60 });
const allRules = fc
  .array(rule, { minLength: names.length, maxLength: names.length })
  .map((list) => Object.fromEntries(names.map((name, index) => [name, list[index]!])));
const word = fc.oneof(
  value,
  // Whatever the upper half is.
  value.map((low) => (0xdeadbeefn << 32n) | BigInt(low)),
);
const call = fc.record({
  number: fc.oneof(
    fc.constantFrom(...syscallNumbers.values()),
    fc.constantFrom(-1, 335, 423, 452, 0x3fffffff, 0x40000000, 0x40000001, 0x80000000),
  ),
  args: fc.array(word, { minLength: 6, maxLength: 6 }),
});

test.each([
  ['some calls', someRules, 300],
  ['every call, with jumps that are too far for a comparison', allRules, 15],
])('decides as the rules say: %s', (_what, rules, numRuns) => {
  fc.assert(
    fc.property(rules, fc.array(call, { minLength: 60, maxLength: 60 }), (made, calls) => {
      const instructions = compileFilter(made);
      fc.pre(instructions.length <= 4096);
      const program = encodeProgram(instructions);
      for (const one of calls) expect(simulateFilter(program, one)).toBe(expected(made, one));
      for (const [name] of Object.entries(made)) {
        const number = syscallNumbers.get(name) ?? -1;
        for (const { args } of calls.slice(0, 5)) {
          const one = { number, args };
          expect(simulateFilter(program, one)).toBe(expected(made, one));
        }
      }
    }),
    { numRuns },
  );
});

test('ends who calls by another architecture, or by x32', () => {
  const program = compile({ read: 'allow' });
  // AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64.
  for (const architecture of [0x40000003, 0xc00000b7]) {
    expect(simulateFilter(program, { number: 0, architecture })).toBe('kill');
  }
  expect(simulateFilter(program, { number: 0x40000000 })).toBe('kill');
  expect(simulateFilter(program, { number: 0 })).toBe('allow');
});

test('is the program that the kernel reads, byte by byte', () => {
  const program = Buffer.from(compile({ read: 'allow' })).toString('hex');
  // struct sock_filter, little-endian: code, jt, jf, k; computed by hand.
  expect(program.match(/.{16}/g)).toEqual([
    ...['2000000004000000', '150001003e0000c0', '0600000000000080', '2000000000000000'],
    // 424 and more? 1 and more? allowed; 335 and more? EPERM; ENOSYS.
    ...['35000500a8010000', '3500010001000000', '060000000000ff7f', '350001004f010000'],
    ...['0600000001000500', '0600000026000500'],
    // 451 and more? EPERM; x32? ENOSYS; the end.
    ...['35000100c3010000', '0600000001000500', '3500010000000040', '0600000026000500'],
    '0600000000000080',
  ]);
});

test('refuses a name that is no call, and a program that is too long', () => {
  expect(() => compileFilter({ raed: 'allow' })).toThrow(
    'expected a system call of x86-64, found raed',
  );
  const tests = Array.from({ length: 9 }, (_, argument) => [
    { argument: argument % 6, in: [argument] as const },
  ]);
  const long = Object.fromEntries(
    names.map((name, index) => [
      name,
      { anyOf: [...tests, [{ argument: 0, in: [index] as const }]] },
    ]),
  );
  expect(() => encodeProgram(compileFilter(long))).toThrow(
    /^expected at most 4096 instructions, found \d+$/,
  );
});

test('refuses a comparison whose way is too long, instead of jumping elsewhere', () => {
  const values = Array.from({ length: 300 }, (_, index) => index) as [number, ...number[]];
  const rules: CallRules = { read: { anyOf: [[{ argument: 0, in: values }]] } };
  expect(() => compile(rules)).toThrow('expected jumps of at most 255, found 299');
});

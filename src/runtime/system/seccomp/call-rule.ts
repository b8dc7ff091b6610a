/**
 * What must be true of one argument for a call to be allowed. All arguments that rules look at are `int` or `unsigned int` in the
 * kernel, which ignores the upper half of the register, and so do rules.
 */
export interface ArgumentTest {
  /** From 0. */
  readonly argument: number;
  /** Bits that are looked at; all 32 where it is left out. */
  readonly mask?: number;
  /** It is one of these. */
  readonly in?: OneOrMore;
  /** It is none of these. */
  readonly notIn?: OneOrMore;
}

type OneOrMore = readonly [number, ...number[]];

/**
 * How a call is answered: done by the kernel, done where all tests of one of the lists hold and otherwise EPERM, or never done and
 * answered with ENOSYS, so that a library falls back to an older call.
 */
export type CallRule =
  | 'allow'
  | 'missing'
  | { readonly anyOf: readonly (readonly ArgumentTest[])[] };

/** Rules by the names of calls; what is in none is refused. */
export type CallRules = Readonly<Record<string, CallRule>>;

/** All that one of them allows. A call that is missing in one is missing. */
export function mergeRules(all: readonly CallRules[]): CallRules {
  const merged: Record<string, CallRule> = {};
  for (const [name, rule] of all.flatMap((rules) => Object.entries(rules))) {
    merged[name] = mergeRule(merged[name], rule);
  }
  return merged;
}

function mergeRule(one: CallRule | undefined, other: CallRule): CallRule {
  if (one === undefined) return other;
  for (const word of ['missing', 'allow'] as const) if (one === word || other === word) return word;
  return typeof one === 'object' && typeof other === 'object'
    ? { anyOf: [...one.anyOf, ...other.anyOf] }
    : other;
}

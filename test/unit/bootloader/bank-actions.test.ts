import { describe, expect, it } from 'vitest';
import {
  type ActionContext,
  planInvalidate,
  planRollback,
} from '../../../src/bootloader/bank-actions.ts';
import { readBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import type { BankFacts } from '../../../src/bootloader/selection.ts';
import { errorOf } from '../../support/error-of.ts';
import { bootCfg } from './small-image.ts';

/** Facts of banks 5 and 6 by `bootstate` and `updated`. */
const facts = (...banks: readonly [state: '0' | '1' | '2' | '3', updated: number][]): BankFacts[] =>
  banks.map(([bootstate, updated], index) => {
    return { partition: 5 + index, bootCfg: readBootCfg(bootCfg({ bootstate, updated })) };
  });
/** All contents are right, and these are the security versions. */
const versions = (five?: number, six?: number, running?: number): ActionContext => ({
  verify: () => undefined,
  securityVersion: (partition) => (partition === 5 ? five : six),
  ...(running !== undefined && { running }),
});
const both = facts(['0', 2], ['0', 1]);

describe('going back below the security version', () => {
  it.each<[string, () => unknown]>([
    ['a rollback on a disk at rest', () => planRollback(both, versions(3, 2))],
    ['a rollback of a running host', () => planRollback(both, versions(3, 2, 5))],
    ['a rollback from a trial', () => planRollback(facts(['2', 2], ['0', 1]), versions(3, 2, 5))],
    ['invalidating the bank that boots next', () => planInvalidate(both, versions(3, 2), 5)],
    [
      'invalidating a trial that waits',
      () => planInvalidate(facts(['1', 9], ['0', 1]), versions(3, 2, 6), 5),
    ],
  ])('is refused for %s, and the way that is left is told', (_what, plan) => {
    const error = errorOf(plan);
    expect(error).toMatchObject({ kind: 'refused', code: 'bank.security-version' });
    expect(error.data).toEqual({ partition: 6, floor: 3, offered: 2 });
    expect(error.message).toBe(
      "bank 6: expected security version 3 or higher, as bank 5 has, found 2; a person at the host's console may still do it: r while the loader lists the banks",
    );
  });

  it('is refused where nobody knows the version of the bank that would be booted', () => {
    expect(errorOf(() => planRollback(both, versions(1, undefined))).message).toContain('found 0');
  });

  it.each<[string, ActionContext]>([
    ['the same version', versions(3, 3)],
    ['a higher one', versions(2, 3)],
    ['none at all', versions()],
    ['one where that of the current bank is not known', versions(undefined, 1)],
    ['one that nobody asks for', { verify: () => undefined }],
  ])('is no question with %s', (_what, context) => {
    expect(planRollback(both, context).partition).toBe(5);
  });

  it('is no question for a bank that the host would not have gone on with', () => {
    expect(planInvalidate(both, versions(2, 3), 6).partition).toBe(6);
    expect(planInvalidate(both, versions(2, 3, 5), 6).partition).toBe(6);
    expect(planInvalidate(facts(['0', 2], ['3', 9]), versions(2, 3), 6).partition).toBe(6);
  });

  it('is asked after the way back itself', () => {
    const wrong = { ...versions(3, 2), verify: () => 'a.v00 does not match its hash' };
    expect(errorOf(() => planRollback(both, wrong)).code).toBe('bank.no-way-back');
  });
});

import type { VerifiedManifests } from '../../../hostcore/verify-manifests.ts';
import { isDevelopmentKey } from '../../../update/signing/key.ts';
import type { Console } from '../../system/console.ts';
import type { BankPartition } from '../boot/bank-partition.ts';

export interface VerifyPort {
  readonly console: Pick<Console, 'line'>;
  verifyBank(bank: BankPartition): VerifiedManifests;
}

/** Verifies the manifests of the bank that runs, and warns of a key that everybody has. Undefined without a bank. */
export function verifySystem(
  { console, verifyBank }: VerifyPort,
  bank: BankPartition | undefined,
): VerifiedManifests | undefined {
  const verified = bank && verifyBank(bank);
  for (const { origin, keyIds } of verified?.signed ?? []) {
    if (!keyIds.some(isDevelopmentKey)) continue;
    console.line(
      `${origin} is signed with the development key, which everybody has: for tests only`,
    );
  }
  return verified;
}

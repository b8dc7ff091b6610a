import type { VerifiedManifests } from '../../../hostcore/verify-manifests.ts';
import { isDevelopmentKey } from '../../../update/signing/key.ts';
import type { Console } from '../../system/console.ts';
import type { BankPartition } from '../boot/bank-partition.ts';

export interface VerifyPort {
  readonly console: Pick<Console, 'line'>;
  verifyBank(bank: BankPartition): VerifiedManifests;
}

/**
 * Verifies the manifests of the bank that runs and the loader of its disk, and says what a person should know: a key
 * that everybody has, a loader of another build or one that nothing covers. Undefined without a bank.
 */
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
  for (const { message } of verified?.loader?.findings ?? []) console.line(message);
  if (verified?.loader?.state === 'not-covered') {
    console.line('loader: not covered: no manifest of this disk has its hashes');
  }
  return verified;
}

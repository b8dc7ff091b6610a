import { unlessDamaged } from '../../../bootloader/damage.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import { partitionDevice } from '../../../disk/partition-device.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import { developmentKey, isDevelopmentKey } from '../../../update/signing/key.ts';
import { signersOf } from '../../../update/signing/signature.ts';
import type { Colors } from '../../command.ts';
import { plain, wrap } from '../../text/plain-text.ts';
import { keysText } from '../../text/update-text.ts';

/** Who signed the manifest of one origin, as `inspect` gives it to programs; this form is fixed. */
export interface SignedRow {
  readonly origin: string;
  readonly version: string;
  /** Of the keys that the base names, and the development key, that have signed just this. */
  readonly keyIds: readonly string[];
  /** One of them is the development key, which everybody has. */
  readonly development: boolean;
}

/** Who signed the manifests of each bank of a disk, by the number of its partition; nobody is trusted for it. */
export function bankSigners(
  disk: BlockDevice,
  banks: readonly GptPartition[],
): ReadonlyMap<number, readonly SignedRow[]> {
  return new Map(banks.map((bank) => [bank.number, rowsOf(disk, bank)]));
}

function rowsOf(disk: BlockDevice, bank: GptPartition): SignedRow[] {
  const device = unlessDamaged(
    () => partitionDevice(disk, bank),
    () => {},
  );
  if (!device) return [];
  const { manifests, trust } = readBankForUpdate(bank.number, device);
  return manifests.map(({ manifest: { origin, version }, bytes, signature }) => {
    const { right } = signersOf(bytes, signature, [...trust, developmentKey.public]);
    return signedRow(origin, version, right);
  });
}

export function signedRow(origin: string, version: string, keyIds: readonly string[]): SignedRow {
  return { origin, version, keyIds, development: keyIds.some(isDevelopmentKey) };
}

/** `base 1.0 signed by key 19be18fee6ffba6b`, in lines of at most `columns`; loud where that is nobody's secret. */
export function signedText(
  { origin, version, keyIds, development }: SignedRow,
  { colors, columns }: { colors: Colors; columns: number },
): string {
  const who = keyIds.length > 0 ? keysText(keyIds) : 'no key that its base names';
  const text = wrap(`${plain(origin)} ${plain(version)} signed by ${who}`, columns, 4);
  return development || keyIds.length === 0 ? colors.yellow(text) : text;
}

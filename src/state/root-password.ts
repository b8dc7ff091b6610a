import type { SettingRow } from './setting-row.ts';
import { expected } from './setting-value.ts';

const crypted =
  /^\$(5\$(rounds=[0-9]{4,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}|6\$(rounds=[0-9]{4,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86})$/;

/** True for a hash of crypt(5) that this system can check: SHA-256 or SHA-512. */
export function isCrypted(value: unknown): value is string {
  return typeof value === 'string' && crypted.test(value);
}

const shadow = 'etc/shadow';

/** Root's line of shadow(5); an empty field is the password that nobody has set yet. */
export const rootPasswordHash: SettingRow<string> = {
  files: { [shadow]: 0o600 },
  parse: (value) => {
    if (value === '' || value === '!' || value === '*') return '!';
    if (isCrypted(value)) return value;
    // What was found may be a password.
    const what = 'a hash of crypt that begins with $5$ or $6$, or nothing';
    throw expected('rootPasswordHash', what);
  },
  // Name, hash, and seven fields of ageing, all of them off.
  toFiles: (value) => ({ [shadow]: `root:${value}:::::::\n` }),
  fromFiles: (read) => {
    const hash = /^root:([^:\n]*)(:|$)/m.exec(read(shadow) ?? '')?.[1];
    return hash === '' ? undefined : hash;
  },
};

import { parsePolicy } from './password-policy.ts';
import { jsonSetting } from './setting-row.ts';
import { expected, membersOf } from './setting-value.ts';

/** How passwords are made and tried, as the family's `Security.*` settings have it. */
export interface SecuritySettings {
  /** `Security.PasswordQualityControl` */
  readonly passwordQuality: string;
  /** `Security.AccountLockFailures`: so many in a row lock an account; 0: none does. */
  readonly lockFailures: number;
  /** `Security.AccountUnlockTime`: seconds that a lock lasts at most. */
  readonly unlockSeconds: number;
}

export const securityDefaults: SecuritySettings = {
  passwordQuality: 'retry=3 min=disabled,disabled,disabled,7,7',
  lockFailures: 5,
  unlockSeconds: 900,
};

export const security = jsonSetting<SecuritySettings>('etc/vmware/security.json', {
  parse: (value) => {
    const names = ['passwordQuality', 'lockFailures', 'unlockSeconds'] as const;
    const given = { ...securityDefaults, ...membersOf('security', value, names) };
    return {
      passwordQuality: parsePolicy(given.passwordQuality).text,
      lockFailures: wholeNumber('lockFailures', given.lockFailures, 0, 100),
      unlockSeconds: wholeNumber('unlockSeconds', given.unlockSeconds, 1, 86_400),
    };
  },
  initial: securityDefaults,
});

function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) {
    return Number(value);
  }
  throw expected(`security.${name}`, `a whole number from ${least} to ${most}`, value);
}

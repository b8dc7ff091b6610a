/**
 * The words of the boot contract (docs/boot.md), once. The codec, the pure selection and the generator of
 * GRUB's script all read this table, so that a state or a pattern cannot mean two things.
 */

/** `bootstate` as written in boot.cfg. */
export type BootState = '0' | '1' | '2' | '3';
type BootStateName = 'VALID' | 'UPGRADING' | 'DIRTY' | 'INVALID';
/** How often a VALID bank was started without being confirmed. */
export type Attempts = '0' | '1' | '2' | '3';
/** Why a bank was last refused or passed over. */
export type Verdict = '-' | 'T' | 'H' | 'B' | 'R' | 'U';

export const stateNames: Readonly<Record<BootState, BootStateName>> = {
  '0': 'VALID',
  '1': 'UPGRADING',
  '2': 'DIRTY',
  '3': 'INVALID',
};

/** A bank's state for people and for JSON. */
export type StateLabel = BootStateName | 'MALFORMED';

/** The label of a bootstate; none: boot.cfg could not be read. */
export function stateLabel(state: BootState | undefined): StateLabel {
  return state === undefined ? 'MALFORMED' : stateNames[state];
}

export const verdictMeanings: Readonly<Record<Verdict, string>> = {
  '-': 'none',
  T: 'trial not confirmed',
  H: 'hash',
  B: 'too many unconfirmed boots',
  R: 'rolled back by a person',
  U: 'update in progress',
};

/** The value after one more unconfirmed start; an exhausted bank stays where it is. */
export const nextAttempts: Readonly<Record<Attempts, Attempts>> = {
  '0': '1',
  '1': '2',
  '2': '3',
  '3': '3',
};

export const exhausted: Attempts = '3';

/** The three one-character values that change after an update, in the order in which boot.cfg has them. */
export const markKeys = ['bootstate', 'attempts', 'verdict'] as const;
export type MarkKey = (typeof markKeys)[number];

/**
 * What boot.cfg must have, in the order in which it is looked at; the first that fails names the reason.
 * The patterns are POSIX extended regular expressions, which JavaScript reads alike: GRUB's `regexp`
 * command gets the very same text. No `.`: it does not match a byte above 127 in GRUB.
 */
export const requiredKeys = [
  { key: 'bootstate', pattern: '^[0-3]$' },
  { key: 'attempts', pattern: '^[0-3]$' },
  { key: 'verdict', pattern: '^[-THBRU]$' },
  { key: 'updated', pattern: '^[1-9][0-9]{0,8}$' },
  { key: 'build', pattern: '^[0-9][ -~]*$' },
  { key: 'kernel', pattern: '^[ -~]+$' },
  { key: 'modules', pattern: '^[ -~]+$' },
] as const;

/** Keys of boot.cfg in the order in which they are written; the marks first, so that they are in sector 0. */
export const bootCfgKeys = [
  'bootstate',
  'attempts',
  'verdict',
  'updated',
  'build',
  'kernel',
  'kernelopt',
  'modules',
  'title',
] as const;

/** Keys of bank.env: what is executed, which therefore must not come from the file that changes. */
export const bankEnvKeys = ['kernel', 'kernelopt', 'modules', 'build'] as const;

/** Between modules, as in the original family's boot.cfg; a word of its own in GRUB's eyes too. */
export const moduleSeparator = '---';

export const maxUpdated = 999_999_999;

/** Why a bank is not booted. The text is the same in GRUB's script, in the simulator and in `inspect`. */
export const refusals = {
  malformed: 'boot.cfg malformed',
  dirty: 'trial was not confirmed',
  invalid: 'invalid',
  mark: 'trial mark does not read back',
  contents: 'contents',
  start: 'kernel could not be loaded',
  rolledBack: 'rolled back',
} as const;
export type Refusal = keyof typeof refusals;

/** Why a bank's contents are wrong; `NAME` is the file or the key. */
export const contentProblems = {
  sumMissing: 'NAME.sum is missing or empty',
  sumUnreadable: 'NAME.sum is unreadable',
  fileMissing: 'NAME is missing or empty',
  hash: 'NAME does not match its hash',
  noEnv: 'bank.env is no environment block',
  differs: 'bank.env and boot.cfg differ in NAME',
  noModules: 'bank.env lists no module',
} as const;
type ContentProblem = keyof typeof contentProblems;

/** The sentence for a problem with one file or key. */
export function contentProblem(problem: ContentProblem, name = ''): string {
  return contentProblems[problem].replace('NAME', name);
}

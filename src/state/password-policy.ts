import { expected } from './setting-value.ts';

/**
 * What a new password has to have, in the words of pam_passwdqc(8) as the family's `Security.PasswordQualityControl` has them:
 * `retry=3 min=N0,N1,N2,N3,N4`. The five are the least length of a password with one class of characters, with two, of a passphrase,
 * with three, with four. `retry` is for programs that ask again.
 */
export interface PasswordPolicy {
  readonly retry: number;
  /** undefined: disabled. */
  readonly min: readonly (number | undefined)[];
}

/** bcrypt and PAM end there; what is longer is a mistake or an attack. */
export const mostPasswordLength = 256;

/** Throws `setting.value`, one sentence. */
export function parsePolicy(value: unknown): PasswordPolicy & { readonly text: string } {
  const place = 'security.passwordQuality';
  const what = 'a text such as "retry=3 min=disabled,disabled,disabled,7,7"';
  if (typeof value !== 'string' || value.length > 128) throw expected(place, what, value);
  const [, retry = '', list = ''] = /^retry=([1-9][0-9]?) min=([a-z0-9,]+)$/.exec(value) ?? [];
  const min = list.split(',').map((one) => (one === 'disabled' ? undefined : lengthOf(one)));
  if (retry === '' || min.length !== 5 || min.includes(Number.NaN)) {
    throw expected(place, what, value);
  }
  const lengths = min.flatMap((one) => one ?? []);
  if (lengths.length === 0) throw expected(place, 'one number at least', value);
  if (lengths.some((one, at) => one > (lengths[at - 1] ?? one))) {
    throw expected(place, 'numbers that do not rise', value);
  }
  return { text: value, retry: Number(retry), min };
}

function lengthOf(text: string): number {
  const value = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 40 ? value : Number.NaN;
}

/** What to tell people beforehand: one sentence. */
export function policyText({ min }: PasswordPolicy): string {
  const kinds = ['one kind', 'two kinds', undefined, 'three kinds', 'four kinds'];
  const rules = kinds.flatMap((kind, at) => {
    const least = min[at];
    return kind === undefined || least === undefined ? [] : [`${least} characters of ${kind}`];
  });
  const phrase = min[2] === undefined ? [] : [`three words of together ${min[2]} characters`];
  return `${[...rules, ...phrase].join(', or ')}; kinds are lower-case letters, upper-case letters, digits and others; an upper-case letter at the beginning and a digit at the end do not count as kinds`;
}

/** Why a password is refused, one sentence that does not repeat it; undefined: it is good. */
export function passwordProblem(
  policy: PasswordPolicy,
  password: string,
  userName: string,
): string | undefined {
  const length = [...password].length;
  if (length > mostPasswordLength) {
    return `expected at most ${mostPasswordLength} characters, found ${length}`;
  }
  if (/\p{Cc}/u.test(password)) return 'expected no control characters';
  const lower = password.toLowerCase();
  const name = userName.toLowerCase();
  if (name.length > 2 && (lower.includes(name) || lower.includes([...name].reverse().join('')))) {
    return 'expected it not to contain the name of the user';
  }
  if (new Set(password).size < Math.min(4, length))
    return 'expected at least four different characters';
  const classes = countClasses(password);
  // A password with more classes may also be as long as one with fewer has to be.
  const allowed = [policy.min[0], policy.min[1], policy.min[3], policy.min[4]].slice(0, classes);
  const words = password.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '').length;
  const phrase = words >= 3 ? policy.min[2] : undefined;
  const least = [...allowed, phrase].flatMap((one) => one ?? []);
  if (least.some((one) => length >= one)) return undefined;
  return `expected ${policyText(policy)}; found ${length} characters of ${classes} kinds`;
}

/** pam_passwdqc(8): an upper-case letter that begins it and a digit that ends it are not counted. */
function countClasses(password: string): number {
  const counted = password.replace(/^\p{Lu}/u, '').replace(/\p{Nd}$/u, '');
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];
  return Math.max(1, kinds.filter((kind) => kind.test(counted)).length);
}

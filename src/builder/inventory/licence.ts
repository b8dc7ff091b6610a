import { isSpdxExpression } from '../../recipe/spdx-expression.ts';

/** Where a licence was read: of a package's own words only, never of what its texts look like. */
type LicenceBasis =
  /** Debian's copyright file in its machine-readable form (copyright-format 1.0). */
  | 'copyright file'
  /** References of a free-text copyright file to /usr/share/common-licenses. */
  | 'references'
  /** `license` in package.json. */
  | 'package.json'
  /** `license` in provider.yaml. */
  | 'provider.yaml'
  | 'unknown';

/** What is known of a package's licence. */
export interface Licence {
  readonly basis: LicenceBasis;
  /**
   * All of these apply to some part of it, in order. SPDX expressions; where a file only refers to a text, the
   * text's name (`GPL-2`), as nobody knows whether later versions may be taken. Empty where it is unknown.
   */
  readonly terms: readonly string[];
  /** Why it is unknown, as one clause. */
  readonly why?: string;
}

export function unknownLicence(why: string): Licence {
  return { basis: 'unknown', terms: [], why };
}

/** `license` of a package.json (npm's documentation): an SPDX expression, or words that are none. */
export function licenceOfPackageJson(license: unknown): Licence {
  if (typeof license !== 'string' || license === '') {
    return unknownLicence('its package.json names none');
  }
  if (isSpdxExpression(license)) return { basis: 'package.json', terms: [license] };
  return unknownLicence(`its package.json says ${JSON.stringify(license)}, which is no SPDX id`);
}

/** One SPDX expression of all terms; undefined where they are none. */
export function expressionOf({ basis, terms }: Licence): string | undefined {
  if (basis === 'unknown' || basis === 'references') return undefined;
  if (terms.length === 1) return terms[0];
  return terms.map((term) => (/ OR /.test(term) ? `(${term})` : term)).join(' AND ');
}

/** For people: `GPL-2.0-only AND (BSD-3-Clause OR MIT)`, `refers to GPL-2`, `unknown`. */
export function licenceText(licence: Licence): string {
  if (licence.basis === 'unknown') return 'unknown';
  return expressionOf(licence) ?? `refers to ${licence.terms.join(', ')}`;
}

import parse from 'spdx-expression-parse';

/** Whether a text is an expression of known SPDX ids, LicenseRefs and exceptions (SPDX 3.0.1, annex B). */
export function isSpdxExpression(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

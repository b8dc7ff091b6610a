import type { Variant, Verdict } from './run-event.ts';

/** `firmware=uefi disk=nvme`; what a variant leaves out is not named, an empty list of OEMs is `none`. */
export function variantText(variant: Variant): string {
  return Object.entries(variant)
    .map(([key, value]) => `${key}=${value || 'none'}`)
    .join(' ');
}

/** A word and a sign for each verdict: colour never is the only carrier. */
export const verdictLooks: Readonly<
  Record<Verdict, { readonly sign: string; readonly word: string }>
> = {
  passed: { sign: '✓', word: 'passed' },
  flaky: { sign: '≈', word: 'flaky' },
  failed: { sign: '✕', word: 'failed' },
  'not-applicable': { sign: '○', word: 'not applicable' },
  skipped: { sign: '–', word: 'skipped' },
};

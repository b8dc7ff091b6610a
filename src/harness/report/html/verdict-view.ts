import { verdictLooks } from '../describe.ts';
import type { ScenarioRecord } from '../record.ts';
import type { Verdict } from '../run-event.ts';
import { type Html, html } from './html.ts';

/** Sign and word. */
export function verdictBadge(verdict: Verdict): Html {
  const { sign, word } = verdictLooks[verdict];
  return html`<span class="v v-${verdict}"><span aria-hidden="true">${sign}</span> <span class="w">${word}</span></span>`;
}

/** The sign alone, with the word for those who cannot see it. */
export function verdictSign(verdict: Verdict): Html {
  const { sign, word } = verdictLooks[verdict];
  return html`<span class="v v-${verdict}" role="img" aria-label="${word}" title="${word}">${sign}</span>`;
}

export function variantChips({ engine, variant }: ScenarioRecord): Html {
  const words = Object.entries(variant).map(([key, value]) =>
    key === 'oem' ? `oem ${value || 'none'}` : value,
  );
  return html`<span class="chips">${[engine, ...words].map((word) => html`<span>${word}</span> `)}</span>`;
}

/** Name of a scenario's place in the page. */
export const anchor = (index: number): string => `s${index + 1}`;

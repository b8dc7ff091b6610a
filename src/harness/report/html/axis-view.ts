import { type Html, html, percent } from './html.ts';

/** A scale of seconds, at round numbers, six at most. */
export function axis(scale: number): Html {
  const step = niceStep(scale / 5);
  const digits = step < 1 ? Math.ceil(-Math.log10(step)) : 0;
  const ticks = Array.from({ length: Math.floor(scale / step) + 1 }, (_, at) => at * step);
  return html`<svg class="axis" width="100%" height="20" aria-hidden="true"><line x1="0" x2="100%" y1="0.5" y2="0.5"/>${ticks.map(
    (tick) => {
      const share = tick / scale;
      const anchor = tick === 0 ? 'start' : share > 0.96 ? 'end' : 'middle';
      return html`<line x1="${percent(share)}" x2="${percent(share)}" y1="0" y2="5"/><text x="${percent(share)}" y="17" text-anchor="${anchor}">${tick.toFixed(digits)} s</text>`;
    },
  )}</svg>`;
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

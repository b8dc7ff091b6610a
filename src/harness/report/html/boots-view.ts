import type { BootRecord, Mark } from '../record.ts';
import { duration, type Html, html, percent } from './html.ts';

/** The classes of colours in report.css, by stages of timeline.ts; others share the last. */
const stageNames = [
  ...['firmware', 'loader', 'hashes', 'kernel', 'init and engine'],
  ...['drivers', 'state', 'agents', 'network', 'confirm'],
];
const stageClass = (name: string): string => {
  const index = stageNames.indexOf(name);
  return `st${index < 0 ? stageNames.length : index}`;
};

const markSigns: Readonly<Record<Mark['kind'], string>> = {
  fault: '◆',
  cut: '⚡',
  reset: '↻',
  off: '⏻',
};
export const markSign = (kind: Mark['kind']): string => `${markSigns[kind]}\ufe0e`;

/** Longer lists of boots show the last ones. */
const mostBoots = 40;
const barHeight = 20;

/** A chart of where the time of each boot went, all on one scale, with what happened to it. */
export function bootsView(all: readonly BootRecord[]): Html {
  const boots = all.slice(-mostBoots);
  const scale = Math.max(0.001, ...boots.map(({ seconds }) => seconds));
  const used = new Set(boots.flatMap(({ stages }) => stages.map(({ name }) => name)));
  const legend = [...stageNames.filter((name) => used.has(name)), ...others(used)];
  return html`<figure class="boots">
${all.length > boots.length && html`<p class="note">The last ${boots.length} of ${all.length} boots.</p>`}
<figcaption><ul class="legend">${legend.map((name) => html`<li><i class="${stageClass(name)}"></i>${name}</li>`)}${
    boots.some(stalled) && html`<li><i class="st-none"></i>no stage reached</li>`
  }<li class="unit">seconds since power-on</li></ul></figcaption>
<ol>${boots.map((boot) => bootRow(boot, scale))}</ol>
${axis(scale)}
</figure>`;
}

const others = (used: ReadonlySet<string>): string[] =>
  [...used].filter((name) => !stageNames.includes(name));

const lastStage = ({ stages }: BootRecord): number => stages.at(-1)?.end ?? 0;

/** Time at the end in which no stage was reached: a hang, or a boot that was cut. */
const stalled = (boot: BootRecord): boolean =>
  boot.outcome !== 'healthy' && boot.seconds - lastStage(boot) > boot.seconds * 0.005;

function bootRow(boot: BootRecord, scale: number): Html {
  const { stages, marks, seconds } = boot;
  const told = stages.map(({ name, start, end }) => `${name} ${duration(end - start)}`).join(', ');
  const top = marks.length > 0 ? 16 : 0;
  return html`<li>${bootTitle(boot)}
<svg class="bar" width="100%" height="${top + barHeight}" role="img" aria-label="${told || 'no stage reached'}">
${stages.map(
  ({ name, start, end }) =>
    html`<rect class="${stageClass(name)}" x="${percent(start / scale)}" y="${top}" width="${percent((end - start) / scale)}" height="${barHeight}"><title>${name}: ${duration(end - start)}, until ${duration(end)} after power-on</title></rect>${
      // Room for the text, where the page is as wide as it gets.
      (end - start) / scale > 0.0095 * name.length &&
      html`<text x="${percent((start + end) / 2 / scale)}" y="${top + 14}">${name}</text>`
    }`,
)}${
  stalled(boot) &&
  html`<rect class="st-none" x="${percent(lastStage(boot) / scale)}" y="${top + 0.5}" width="${percent((seconds - lastStage(boot)) / scale)}" height="${barHeight - 1}"><title>no stage reached for ${duration(seconds - lastStage(boot))}</title></rect>`
}${marks.map((mark) => markLine(mark, mark.seconds / scale, top))}
</svg>${
    marks.length > 0 &&
    html`<ul class="marks">${marks.map(
      ({ kind, seconds: at, text }) =>
        html`<li class="m-${kind}"><span aria-hidden="true">${markSign(kind)}</span> ${duration(at)} ${text}</li>`,
    )}</ul>`
  }</li>`;
}

function bootTitle({ boot, booted, outcome, build, seconds, shared }: BootRecord): Html {
  const good = outcome === 'healthy';
  const bank = booted === null ? 'no bank' : booted !== undefined && `bank ${booted}`;
  return html`<p><b>Boot ${boot}</b> ${bank && html`<span>${bank}</span>`} ${build && html`<code>${build}</code>`} <span class="${
    good ? 'good' : 'bad'
  }"><span aria-hidden="true">${good ? '✓' : '✕'}</span> ${outcome ?? 'no result'}</span> <span class="time">${duration(seconds)}</span>${
    shared &&
    html` <span class="tag" title="made once, and gone on from its snapshot">shared</span>`
  }</p>`;
}

function markLine({ kind, text, seconds }: Mark, share: number, top: number): Html {
  const x = percent(share);
  const anchor = share < 0.02 ? 'start' : share > 0.98 ? 'end' : 'middle';
  return html`<g class="m-${kind}"><title>${text}, ${duration(seconds)} after power-on</title><line x1="${x}" x2="${x}" y1="${top - 2}" y2="${top + barHeight}"/><text class="sign" x="${x}" y="12" text-anchor="${anchor}">${markSign(kind)}</text></g>`;
}

/** Round numbers of seconds, six at most. */
function axis(scale: number): Html {
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

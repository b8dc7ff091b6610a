import type { BootRecord, Mark } from '../record.ts';
import { axis } from './axis-view.ts';
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
  off: '■',
};
export const markSign = (kind: Mark['kind']): string => `${markSigns[kind]}\ufe0e`;

/** Longer lists of boots show the last ones. */
const mostBoots = 40;
const barHeight = 20;

/**
 * A chart of where the time of each boot went, all on one scale, with what happened to it. A simulator has no clock: there it
 * shows how far each came.
 */
export function bootsView(all: readonly BootRecord[]): Html {
  const clock = all.some(({ stages }) => stages.some(({ end }) => end > 0));
  const boots = all.slice(-mostBoots).map((boot) => (clock ? awaited(boot) : stepped(boot)));
  const scale = Math.max(0.001, ...boots.map(({ seconds }) => seconds));
  const used = new Set(boots.flatMap(({ stages }) => stages.map(({ name }) => name)));
  const legend = [...stageNames.filter((name) => used.has(name)), ...others(used)];
  return html`<figure class="boots">
${all.length > boots.length && html`<p class="note">The last ${boots.length} of ${all.length} boots.</p>`}
<figcaption><ul class="legend">${legend.map((name) => html`<li><i class="${stageClass(name)}"></i>${name}</li>`)}${
    boots.some(stalled) && html`<li><i class="st-none"></i>no stage reached</li>`
  }<li class="unit">${clock ? 'seconds since power-on' : 'stages in their order, by no clock'}</li></ul></figcaption>
<ol>${boots.map((boot) => bootRow(boot, { scale, clock }))}</ol>
${clock && axis(scale)}
</figure>`;
}

const others = (used: ReadonlySet<string>): string[] =>
  [...used].filter((name) => !stageNames.includes(name));

const lastStage = ({ stages }: BootRecord): number => stages.at(-1)?.end ?? 0;

/** Time at the end in which no stage was reached: a hang, or a boot that was cut. */
const stalled = (boot: BootRecord): boolean =>
  boot.outcome !== 'healthy' && boot.seconds - lastStage(boot) > boot.seconds * 0.005;

/** A boot that went well is over when it is ready, or when something was done to it later; then the system just runs. */
function awaited(boot: BootRecord): BootRecord {
  if (boot.outcome !== 'healthy') return boot;
  const marked = boot.marks.filter(({ kind }) => kind !== 'off').map(({ seconds }) => seconds);
  return { ...boot, seconds: Math.max(lastStage(boot), ...marked) };
}

/** Each stage as long as any other, and what happened after the last. */
function stepped(boot: BootRecord): BootRecord {
  const stages = boot.stages.map(({ name }, at) => ({ name, start: at, end: at + 1 }));
  const seconds = Math.max(stages.length, ...(stages.length > 0 ? [stageNames.length] : []));
  const marks = boot.marks.map((mark) => ({ ...mark, seconds: mark.started ? stages.length : 0 }));
  return { ...boot, stages, marks, seconds };
}

interface Look {
  /** What is as long as the chart is wide. */
  readonly scale: number;
  readonly clock: boolean;
}

function bootRow(boot: BootRecord, look: Look): Html {
  const { stages } = boot;
  // To be switched off is the end of every boot that went well.
  const marks = boot.marks.filter(({ kind }) => kind !== 'off');
  const time = (seconds: number) => (look.clock ? ` ${duration(seconds)}` : '');
  const label = stages.map(({ name, start, end }) => `${name}${time(end - start)}`).join(', ');
  const top = marks.length > 0 ? 16 : 0;
  return html`<li>${bootTitle(boot, look)}
<svg class="bar" width="100%" height="${top + barHeight}" role="img" aria-label="${label || 'no stage reached'}">
${stages.map((stage) => stageBar(stage, look, top))}${stalled(boot) && stallBar(boot, look, top)}${marks.map(
  (mark) => markLine(mark, mark.seconds / look.scale, top),
)}
</svg>${
    marks.length > 0 &&
    html`<ul class="marks">${marks.map(
      ({ kind, seconds, text }) =>
        html`<li class="m-${kind}"><span aria-hidden="true">${markSign(kind)}</span>${time(seconds)} ${text}</li>`,
    )}</ul>`
  }</li>`;
}

function stageBar(
  { name, start, end }: BootRecord['stages'][number],
  look: Look,
  top: number,
): Html {
  const { scale, clock } = look;
  const title = clock ? `${name}: ${duration(end - start)}, until ${duration(end)}` : name;
  const share = (end - start) / scale;
  return html`<rect class="${stageClass(name)}" x="${percent(start / scale)}" y="${top}" width="${percent(share)}" height="${barHeight}"><title>${title}</title></rect>${
    // Room for the text, where the page is as wide as it gets.
    share > 0.0095 * name.length &&
    html`<text x="${percent((start + end) / 2 / scale)}" y="${top + 14}">${name}</text>`
  }`;
}

function stallBar(boot: BootRecord, { scale, clock }: Look, top: number): Html {
  const from = lastStage(boot);
  const title = `no stage reached${clock ? ` for ${duration(boot.seconds - from)}` : ''}`;
  return html`<rect class="st-none" x="${percent(from / scale)}" y="${top + 0.5}" width="${percent((boot.seconds - from) / scale)}" height="${barHeight - 1}"><title>${title}</title></rect>`;
}

function bootTitle(
  { boot, booted, outcome, build, seconds, shared }: BootRecord,
  { clock }: Look,
): Html {
  const good = outcome === 'healthy';
  const bank = booted === null ? 'no bank' : booted !== undefined && `bank ${booted}`;
  return html`<p><b>Boot ${boot}</b> ${bank && html`<span>${bank}</span>`} ${build && html`<code>${build}</code>`} <span class="${
    good ? 'good' : 'bad'
  }"><span aria-hidden="true">${good ? '✓' : '✕'}</span> ${outcome ?? 'no result'}</span> ${clock && html`<span class="time">${duration(seconds)}</span>`}${
    shared &&
    html` <span class="tag" title="made once, and gone on from its snapshot">shared</span>`
  }</p>`;
}

function markLine({ kind, text }: Mark, share: number, top: number): Html {
  const x = percent(share);
  const anchor = share < 0.02 ? 'start' : share > 0.98 ? 'end' : 'middle';
  return html`<g class="m-${kind}"><title>${text}</title><line x1="${x}" x2="${x}" y1="${top - 2}" y2="${top + barHeight}"/><text class="sign" x="${x}" y="12" text-anchor="${anchor}">${markSign(kind)}</text></g>`;
}

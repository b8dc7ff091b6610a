import type { AttemptRecord, KeptFile, StepRecord } from '../record.ts';
import type { Failure } from '../run-event.ts';
import { bootsView } from './boots-view.ts';
import type { PageBudget } from './budget.ts';
import { consoleView } from './console-view.ts';
import { diskView } from './disk-view.ts';
import { historyView } from './history-view.ts';
import { duration, type Html, html } from './html.ts';
import { verdictSign } from './verdict-view.ts';

export interface AttemptContext {
  /** Unique in the page. */
  readonly id: string;
  readonly budget: PageBudget;
  link(file: KeptFile): string | undefined;
}

/** All that is known of one attempt, in the order in which one asks: what, when, with which banks, what was said. */
export function attemptView(attempt: AttemptRecord, { id, budget, link }: AttemptContext): Html {
  const { steps, boots, disks, moments, console } = attempt;
  return html`
${part('Steps', steps.length > 0 && stepsTable(steps))}
${part('Boots', boots.length > 0 && bootsView(boots))}
${part('States of the banks', historyView(moments))}
${part('Disk', diskView(disks))}
${part('Console', console.length > 0 && consoleView(attempt, { most: budget.lines(attempt), id: `${id}-console`, link }))}
${part('Screen', gallery(attempt, budget, link))}
${part('Files', files(attempt, link))}`;
}

function part(title: string, body: Html | false | undefined): Html | false {
  return body ? html`<section><h4>${title}</h4>${body}</section>` : false;
}

function stepsTable(steps: readonly StepRecord[]): Html {
  return html`<div class="scroll" role="group" aria-label="Steps" tabindex="0"><table class="steps"><thead><tr><th scope="col"><span class="off">Verdict</span></th><th scope="col">Step</th><th scope="col">Found</th><th scope="col" class="n">Time</th></tr></thead><tbody>${steps.map(
    ({ title, verdict, seconds, found, failure }, index) =>
      html`<tr class="r-${verdict}"><td>${verdictSign(verdict)}</td><td><span class="n">${index + 1}</span> ${title}</td><td>${
        failure ? html`${failure.message}${placeText(failure)}` : (found ?? '')
      }</td><td class="n">${seconds < 0.05 ? '' : duration(seconds)}</td></tr>`,
  )}</tbody></table></div>`;
}

export function placeText({ place, code }: Failure): Html {
  return html` <small>${place && html`<code>${place.file}:${place.line}:${place.column}</code> `}<code>${code}</code></small>`;
}

function gallery(
  { screenshots }: AttemptRecord,
  budget: PageBudget,
  link: AttemptContext['link'],
): Html | false {
  if (screenshots.length === 0) return false;
  return html`<div class="gallery">${screenshots.map((file) => {
    const data = budget.picture(file);
    const url = link(file);
    const picture = data
      ? html`<img src="${data}" alt="Screen: ${file.label}" loading="lazy">`
      : html`<span class="note">${url ? file.path : `${file.path}: not kept`}</span>`;
    return html`<figure>${url ? html`<a href="${url}">${picture}</a>` : picture}<figcaption>${file.label}${
      file.boot > 0 && html` <small>boot ${file.boot}</small>`
    }</figcaption></figure>`;
  })}</div>`;
}

function files({ artefacts }: AttemptRecord, link: AttemptContext['link']): Html | false {
  if (artefacts.length === 0) return false;
  return html`<ul class="files">${artefacts.map((file) => {
    const url = link(file);
    return html`<li>${url ? html`<a href="${url}">${file.label}</a>` : file.label} <code>${file.path}</code></li>`;
  })}</ul>`;
}

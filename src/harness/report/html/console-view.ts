import type { ConsoleEvent } from '../../../protocol/console-event.ts';
import { parseConsoleLine } from '../../../protocol/parse-console-line.ts';
import type { AttemptRecord, ConsoleEntry, KeptFile } from '../record.ts';
import { markSign } from './boots-view.ts';
import { type Html, html } from './html.ts';

const mostColumns = 400;

/** The end of an attempt's console, `most` lines of it, with what happened beside it. */
export function consoleView(
  { console, artefacts, boots }: AttemptRecord,
  { most, id, link }: { most: number; id: string; link: (file: KeptFile) => string | undefined },
): Html {
  const shown = console.slice(-most);
  const left = console.length - shown.length;
  const log = artefacts.find(({ label, path }) => /console/i.test(`${label} ${path}`));
  const url = log && link(log);
  const long = shown.length > 12;
  return html`${
    left > 0 &&
    html`<p class="note">The first ${left} lines are left out${url && html`; <a href="${url}">the whole log</a>`}.</p>`
  }
${
  long &&
  html`<p class="tools needs-script"><label for="${id}-find">Find</label> <input id="${id}-find" type="search" data-find="${id}"> <label><input type="checkbox" data-stages="${id}"> only stages and marks</label> <output for="${id}-find"></output></p>`
}
<div class="console" id="${id}" tabindex="0" role="group" aria-label="Console">${shown.map((entry) => entryView(entry, boots.length > 1))}</div>`;
}

function entryView(entry: ConsoleEntry, several: boolean): Html {
  switch (entry.kind) {
    case 'on':
      return several ? html`<p class="on">boot ${entry.boot}</p>` : html``;
    case 'line':
      return html`<p${lineLook(entry.text)} data-at="${entry.seconds.toFixed(2)}">${clipped(entry.text)}</p>`;
    default:
      return html`<p class="mark m-${entry.kind}" data-at="${entry.seconds.toFixed(2)}">${markSign(entry.kind)} ${entry.text}</p>`;
  }
}

/** Lines of ours stand out, and those that tell of what went wrong. */
function lineLook(text: string): Html | false {
  const event = parseConsoleLine(text);
  if (event && tellsOfFailure(event)) return html` class="l-bad"`;
  if (event?.type === 'ready') return html` class="l-ok"`;
  return event !== undefined && html` class="l-stage"`;
}

function tellsOfFailure(event: ConsoleEvent): boolean {
  switch (event.type) {
    case 'panic':
    case 'refused':
    case 'rollback-refused':
    case 'marks-not-written':
    case 'unhealthy':
    case 'fell-ill':
    case 'resetting':
    case 'rescue':
    case 'rescue-bank':
    case 'rescue-keys':
      return true;
    case 'stage':
      return event.stage === 'fault';
    default:
      return false;
  }
}

function clipped(text: string): string {
  return text.length > mostColumns ? `${text.slice(0, mostColumns)} …` : text;
}

import type { AttemptRecord, ScenarioRecord } from '../record.ts';
import { failureOf } from '../verdict.ts';
import { type AttemptContext, attemptView, placeText } from './attempt-view.ts';
import { bankMarks } from './history-view.ts';
import { duration, type Html, html } from './html.ts';
import { anchor, variantChips, verdictBadge } from './verdict-view.ts';

/** Lines of the console in the list of failures, and failures in it. */
const tail = 12;
const mostFailures = 25;

/** What failed and why, first. */
export function failuresView(scenarios: readonly ScenarioRecord[]): Html | false {
  const failed = scenarios
    .map((scenario, index) => ({ scenario, index }))
    .filter(({ scenario }) => scenario.verdict === 'failed');
  if (failed.length === 0) return false;
  return html`<section aria-labelledby="failures"><h2 id="failures">What failed</h2>
${failed.slice(0, mostFailures).map(({ scenario, index }) => failureCard(scenario, index))}
${failed.length > mostFailures && html`<p class="note">${failed.length - mostFailures} more are in the table.</p>`}
</section>`;
}

function failureCard(scenario: ScenarioRecord, index: number): Html | false {
  const attempt = scenario.attempts.findLast(({ verdict }) => verdict === 'failed');
  if (!attempt) return false;
  const failure = failureOf(attempt);
  const at = attempt.steps.findIndex(({ verdict }) => verdict === 'failed');
  const lines = failure.lines ?? lastLines(attempt);
  return html`<article class="failure"><h3><a href="#${anchor(index)}">${scenario.scenario}</a> ${variantChips(scenario)}</h3>
<p class="why">${failure.message}</p>
<p class="where">${at >= 0 && html`Step ${at + 1} of ${attempt.steps.length}, <b>${attempt.steps[at]?.title ?? ''}</b>, `}after ${duration(attempt.seconds)}${
    scenario.attempts.length > 1 && `, in ${scenario.attempts.length} attempts`
  }.${placeText(failure)}</p>
${lines.length > 0 && html`<pre class="tail" role="group" tabindex="0" aria-label="Last lines of the console">${lines.slice(-tail).join('\n')}</pre>`}
${banksAfter(attempt)}</article>`;
}

function lastLines({ console }: AttemptRecord): string[] {
  return console
    .slice(-tail)
    .flatMap((entry) =>
      entry.kind === 'line' ? [`${entry.seconds.toFixed(2).padStart(7)}  ${entry.text}`] : [],
    );
}

function banksAfter({ moments }: AttemptRecord): Html | false {
  const last = moments.at(-1);
  if (!last) return false;
  const { banks, next } = last;
  return html`<ul class="banks">${banks.map(
    (bank) => html`<li><b>${bank.partition}</b> ${bankMarks(bank, bank.partition === next)}</li>`,
  )}</ul>`;
}

/** One scenario, folded but for `open`. */
export function scenarioView(
  scenario: ScenarioRecord,
  index: number,
  { open, ...context }: Omit<AttemptContext, 'id'> & { open: boolean },
): Html {
  const { verdict, attempts, description, file, seconds, run } = scenario;
  const id = anchor(index);
  return html`<details class="scenario d-${verdict}" id="${id}" data-run="${index}"${open && html` open`}><summary>${verdictBadge(verdict)} <h3>${scenario.scenario}</h3> ${variantChips(scenario)} <span class="time">${duration(seconds)}</span></summary>
<div class="body"><p class="about">${description}</p><p class="meta"><code>${file}</code> <a href="#t${id}" aria-label="${run} in the table">↑ table</a></p>
${
  attempts.length === 1
    ? attempts.map((attempt) => attemptView(attempt, { ...context, id }))
    : attempts.map((attempt, at) =>
        folded(attempt, at, attempts.length, { ...context, id: `${id}-${at + 1}` }),
      )
}</div></details>
`;
}

function folded(attempt: AttemptRecord, at: number, of: number, context: AttemptContext): Html {
  // The first failure is what one wants to see of several attempts.
  return html`<details class="attempt"${at === 0 && html` open`}><summary>Attempt ${at + 1} of ${of} ${verdictBadge(attempt.verdict)} <span class="time">${duration(attempt.seconds)}</span></summary><div>${attemptView(attempt, context)}</div></details>`;
}

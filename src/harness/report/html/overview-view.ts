import { variantText, verdictLooks } from '../describe.ts';
import type { RunPart, RunRecord, ScenarioRecord } from '../record.ts';
import { verdicts } from '../run-event.ts';
import { failureOf, isGreen } from '../verdict.ts';
import { duration, type Html, html, percent } from './html.ts';
import { anchor, variantChips, verdictBadge } from './verdict-view.ts';

/** One sentence: what came of it. */
export function headline(record: RunRecord): string {
  const { totals, scenarios, gaps } = record;
  const all = scenarios.length;
  const plural = all === 1 ? 'scenario' : 'scenarios';
  if (totals.failed > 0) return `${totals.failed} of ${all} ${plural} failed`;
  if (gaps.length > 0) return 'The run is not complete';
  const ran = totals.passed + totals.flaky;
  if (ran === 0) return all === 0 ? 'No scenario was run' : `None of ${all} ${plural} could be run`;
  const good =
    ran === all ? `All ${all} ${plural} passed` : `${ran} of ${all} ${plural} passed, none failed`;
  return all === 1 ? 'The scenario passed' : good;
}

export function summaryView(record: RunRecord): Html {
  const { totals, scenarios, gaps, parts } = record;
  const look = isGreen(record) ? 'passed' : 'failed';
  const shown = verdicts.filter((verdict) => totals[verdict] > 0);
  let at = 0;
  const bar = shown.map((verdict) => {
    const share = totals[verdict] / scenarios.length;
    const left = at;
    at += share;
    return html`<rect class="f-${verdict}" x="${percent(left)}" width="${percent(share)}" height="10"/>`;
  });
  return html`<section class="headline" aria-labelledby="headline"><h1 id="headline" class="h-${look}"><span aria-hidden="true">${verdictLooks[look].sign}</span> ${headline(record)}</h1>
${scenarios.length > 0 && html`<svg class="totals" width="100%" height="10" aria-hidden="true">${bar}</svg>`}
<ul class="totals">${shown.map((verdict) => html`<li><b>${totals[verdict]}</b> ${verdictBadge(verdict)}</li>`)}</ul>
${gaps.length > 0 && html`<div class="gaps" role="note"><b>Not the whole story</b><ul>${gaps.map((gap) => html`<li>${gap}</li>`)}</ul></div>`}
<dl class="facts">${parts.length === 1 ? parts.map(partFacts) : mergedFacts(parts)}</dl>
</section>`;
}

const fact = (name: string, value: Html | string): Html =>
  html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function partFacts({ version, started, engine, seconds, shard }: RunPart): Html[] {
  return [
    fact('Engine', engine),
    fact('Began', html`<time datetime="${started}">${dateText(started)}</time>`),
    fact('Took', duration(seconds)),
    ...(shard ? [fact('Shard', `${shard.index} of ${shard.count}`)] : []),
    fact('twinbank', version),
  ];
}

function mergedFacts(parts: readonly RunPart[]): Html[] {
  const starts = parts.map(({ started }) => started).sort();
  const unique = (values: readonly string[]): string => [...new Set(values)].join(', ');
  return [
    fact('Runs', `${parts.length}`),
    fact('Engine', unique(parts.map(({ engine }) => engine))),
    fact('Began', html`<time datetime="${starts[0] ?? ''}">${dateText(starts[0] ?? '')}</time>`),
    fact('Longest', duration(Math.max(...parts.map(({ seconds }) => seconds)))),
    fact('twinbank', unique(parts.map(({ version }) => version))),
  ];
}

/** `2026-11-22 16:04 UTC`; what is no time is shown as it is. */
function dateText(iso: string): string {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(iso) ?? [];
  return day ? `${day} ${time} UTC` : iso || 'unknown';
}

const columns = ['Verdict', 'Scenario', 'Machine', 'Boots', 'Time'] as const;

/** Every scenario in a line. */
export function scenarioTable(record: RunRecord): Html {
  const { scenarios, totals } = record;
  const longest = Math.max(0.001, ...scenarios.map(({ seconds }) => seconds));
  const shown = verdicts.filter((verdict) => totals[verdict] > 0);
  return html`<section aria-labelledby="scenarios"><h2 id="scenarios">Scenarios</h2>
<div class="tools needs-script" role="group" aria-label="Filter"><label for="filter">Filter</label> <input id="filter" type="search" placeholder="name, machine, build, message" autocomplete="off"> ${shown.map(
    (verdict) =>
      html`<button type="button" aria-pressed="false" data-verdict="${verdict}">${verdictBadge(verdict)} ${totals[verdict]}</button> `,
  )}<output id="shown" for="filter" role="status"></output></div>
<div class="scroll" role="group" aria-label="Table of scenarios" tabindex="0"><table id="table" class="overview"><thead><tr>${columns.map(
    (name, index) =>
      html`<th scope="col"${index > 2 && html` class="n"`} data-column="${index}">${name}</th>`,
  )}</tr></thead><tbody>
${scenarios.map((scenario, index) => row(scenario, index, longest))}</tbody></table></div></section>`;
}

function row(scenario: ScenarioRecord, index: number, longest: number): Html {
  const { verdict, attempts, seconds, run, variant } = scenario;
  const last = attempts.at(-1);
  const failed = attempts.find((attempt) => attempt.verdict === 'failed');
  const builds = new Set(attempts.flatMap(({ boots }) => boots.map(({ build }) => build ?? '')));
  const about = failed ? failureOf(failed).message : notRun(scenario);
  const boots = attempts.reduce((sum, attempt) => sum + attempt.boots.length, 0);
  const text = [run, scenario.description, variantText(variant), ...builds, about].join(' ');
  return html`<tr id="t${anchor(index)}" data-run="${index}" data-verdict="${verdict}" data-text="${text.toLowerCase().slice(0, 400)}"><td data-key="${verdicts.indexOf(verdict)}">${verdictBadge(verdict)}</td><td data-key="${run}"><a href="#${anchor(index)}">${scenario.scenario}</a>${
    about && html`<br><small>${about}</small>`
  }</td><td data-key="${variantText(variant)}">${variantChips(scenario)}</td><td class="n" data-key="${boots}">${boots}${
    (last?.attempt ?? 1) > 1 && html`<br><small>${attempts.length} attempts</small>`
  }</td><td class="n" data-key="${seconds.toFixed(3)}">${verdict === 'skipped' ? '' : duration(seconds)}<svg class="spark" width="100%" height="3" aria-hidden="true"><rect x="${percent(1 - seconds / longest)}" width="${percent(seconds / longest)}" height="3"/></svg></td></tr>
`;
}

/** Why a scenario was not run, or what of it was not. */
function notRun({ verdict, attempts }: ScenarioRecord): string {
  const steps = attempts.at(-1)?.steps ?? [];
  const left = steps.filter((step) => step.verdict === 'not-applicable').length;
  if (verdict === 'passed')
    return left > 0 ? `${left} of ${steps.length} steps not applicable` : '';
  const step = steps.find((one) => one.verdict === verdict);
  return step?.failure?.message ?? step?.found ?? '';
}

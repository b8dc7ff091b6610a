import type { BankMoment, Moment } from '../record.ts';
import { type Html, html } from './html.ts';

/** The loader's letters (docs/boot.md). */
const verdictMeanings: Readonly<Record<string, string>> = {
  T: 'trial not confirmed',
  H: 'hash wrong',
  B: 'boots not confirmed',
  R: 'rolled back',
  U: 'update in progress',
};
const stateSigns: Readonly<Record<string, string>> = {
  VALID: '✓',
  UPGRADING: '↑',
  DIRTY: '?',
  INVALID: '✕',
  MALFORMED: '!',
};
const mostMoments = 60;

/** The marks of every bank at each moment that something was heard of them; changes stand out, and where there are none a line says so. */
export function historyView(all: readonly Moment[]): Html | undefined {
  const rows = rowsOf(all).slice(-mostMoments);
  const banks = banksOf(all);
  if (rows.length === 0 || banks.length === 0) return undefined;
  return html`<div class="scroll" role="group" aria-label="States of the banks" tabindex="0"><table class="history"><thead><tr><th scope="col">When</th>${banks.map(
    ({ partition, name }) => html`<th scope="col">${partition} ${name}</th>`,
  )}</tr></thead><tbody>${rows.map(({ moment, before, until }) =>
    until
      ? html`<tr class="quiet"><th scope="row" colspan="${banks.length + 1}">the same until ${when(until)}</th></tr>`
      : momentRow(moment, before, banks),
  )}</tbody></table></div>`;
}

/** The loader's lines have no names. */
function banksOf(moments: readonly Moment[]): BankMoment[] {
  const banks = new Map<number, BankMoment>();
  for (const bank of moments.flatMap((moment) => moment.banks)) {
    if (bank.name !== undefined || !banks.has(bank.partition)) banks.set(bank.partition, bank);
  }
  return [...banks.values()].sort((a, b) => a.partition - b.partition);
}

interface Row {
  readonly moment: Moment;
  readonly before: Moment | undefined;
  /** The last of those after which nothing had changed. */
  until?: Moment;
}

/** Moments at which something had changed, with one between them for all at which nothing had. */
function rowsOf(moments: readonly Moment[]): Row[] {
  const rows: Row[] = [];
  for (const [index, moment] of moments.entries()) {
    const before = moments[index - 1];
    const last = rows.at(-1);
    if (!before || allMarks(before) !== allMarks(moment)) rows.push({ moment, before });
    else if (last?.until) last.until = moment;
    else rows.push({ moment, before, until: moment });
  }
  return rows;
}

const allMarks = ({ next, banks }: Moment): string => JSON.stringify([next, banks.map(marksOf)]);

const when = ({ label, boot }: Moment): Html =>
  html`${label}${boot > 0 && html` <small>boot ${boot}</small>`}`;

function momentRow(moment: Moment, before: Moment | undefined, banks: readonly BankMoment[]): Html {
  return html`<tr><th scope="row">${when(moment)}</th>${banks.map(({ partition }) =>
    bankCell(
      bankOf(moment.banks, partition),
      bankOf(before?.banks ?? [], partition),
      moment.next === partition,
    ),
  )}</tr>`;
}

const bankOf = (banks: readonly BankMoment[], partition: number): BankMoment | undefined =>
  banks.find((bank) => bank.partition === partition);

function bankCell(
  bank: BankMoment | undefined,
  before: BankMoment | undefined,
  next: boolean,
): Html {
  if (!bank) return html`<td>not said</td>`;
  const same = before && marksOf(before) === marksOf(bank);
  return html`<td class="${same ? 'same' : 'changed'} b-${stateClass(bank.state)}">${bankMarks(bank, next)}</td>`;
}

const marksOf = ({ state, attempts, verdict, build }: BankMoment): string =>
  JSON.stringify([state, attempts, verdict, build]);

const stateClass = (state: string): string =>
  state in stateSigns ? state.toLowerCase() : 'malformed';

/** State, attempts, verdict, build, and whether the loader would choose it. */
export function bankMarks({ state, attempts, verdict, build }: BankMoment, next: boolean): Html {
  const tried = attempts ?? 0;
  return html`<span class="state s-${stateClass(state)}"><span aria-hidden="true">${stateSigns[state] ?? '!'}</span> ${state}</span> ${
    tried > 0 &&
    html`<span class="dots" role="img" aria-label="${tried} of 3 attempts" title="${tried} of 3 attempts">${'●'.repeat(Math.min(tried, 3))}${'○'.repeat(Math.max(0, 3 - tried))}</span> `
  }${
    verdict &&
    verdict !== '-' &&
    html`<b class="letter">${verdict}</b> <small>${verdictMeanings[verdict] ?? 'unknown verdict'}</small> `
  }${build && html`<code>${build}</code>`}${next && html` <span class="next" title="the loader takes this one">▸ boots</span>`}`;
}

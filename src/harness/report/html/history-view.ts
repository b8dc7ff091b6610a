import type { DiskRecord } from '../record.ts';
import type { BankMark } from '../run-event.ts';
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

/** The marks of every bank at each moment that the disk was looked at, changes in bold. */
export function historyView(all: readonly DiskRecord[]): Html | undefined {
  const disks = all.slice(-mostMoments);
  const last = disks.at(-1);
  if (!last) return undefined;
  const numbers = last.disk.banks.map(({ partition, name }) => ({ partition, name }));
  return html`${all.length > disks.length && html`<p class="note">The last ${disks.length} of ${all.length} moments.</p>`}
<div class="scroll" role="group" aria-label="States of the banks" tabindex="0"><table class="history"><thead><tr><th scope="col">When</th>${numbers.map(
    ({ partition, name }) => html`<th scope="col">${partition} ${name}</th>`,
  )}</tr></thead><tbody>${disks.map(
    ({ label, disk, boot }, index) =>
      html`<tr><th scope="row">${label}${boot > 0 && html` <small>boot ${boot}</small>`}</th>${numbers.map(
        ({ partition }) => {
          const bank = bankOf(disk.banks, partition);
          const before = bankOf(disks[index - 1]?.disk.banks ?? [], partition);
          return bankCell(bank, before, disk.next === partition);
        },
      )}</tr>`,
  )}</tbody></table></div>`;
}

const bankOf = (banks: readonly BankMark[], partition: number): BankMark | undefined =>
  banks.find((bank) => bank.partition === partition);

function bankCell(bank: BankMark | undefined, before: BankMark | undefined, next: boolean): Html {
  if (!bank) return html`<td>not there</td>`;
  const same = before && marksOf(before) === marksOf(bank);
  return html`<td class="${same ? 'same' : 'changed'} b-${stateClass(bank.state)}">${bankMarks(bank, next)}</td>`;
}

const marksOf = ({ state, attempts, verdict, build }: BankMark): string =>
  JSON.stringify([state, attempts, verdict, build]);

const stateClass = (state: string): string =>
  state in stateSigns ? state.toLowerCase() : 'malformed';

/** State, attempts, verdict, build, and whether the loader would choose it. */
export function bankMarks({ state, attempts, verdict, build }: BankMark, next: boolean): Html {
  const tried = attempts ?? 0;
  return html`<span class="state s-${stateClass(state)}"><span aria-hidden="true">${stateSigns[state] ?? '!'}</span> ${state}</span> ${
    tried > 0 &&
    html`<span class="dots" role="img" aria-label="${tried} of 3 attempts" title="${tried} of 3 attempts">${'●'.repeat(Math.min(tried, 3))}${'○'.repeat(Math.max(0, 3 - tried))}</span> `
  }${
    verdict &&
    verdict !== '-' &&
    html`<b class="letter">${verdict}</b> <small>${verdictMeanings[verdict] ?? 'unknown verdict'}</small> `
  }${build && html`<code>${build}</code>`}${next && html` <span class="next" title="the loader would choose it">▸ next</span>`}`;
}

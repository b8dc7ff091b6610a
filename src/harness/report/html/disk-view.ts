import { humanSize } from '../../../diagnostics/size.ts';
import type { DiskRecord } from '../record.ts';
import type { BankSummary, DiskSummary } from '../run-event.ts';
import { type Html, html, percent } from './html.ts';

/** Partitions are no narrower than this share, and the strip below shows the truth. */
const leastShare = 0.055;
const cellHeight = 34;
const stripTop = cellHeight + 14;

/** Partitions and banks, before and after; one picture where nothing changed. */
export function diskView(disks: readonly DiskRecord[]): Html | undefined {
  const first = disks[0];
  const last = disks.at(-1);
  if (!first || !last) return undefined;
  const same = equalParts(first.disk.partitions, last.disk.partitions);
  return html`<div class="disk">
<h5>Partitions${same && disks.length > 1 && html` <small>the same before and after</small>`}</h5>
${same ? partitionMap(last.disk) : [labelled(first, partitionMap), labelled(last, partitionMap)]}
<h5>What the banks hold</h5>
${last.disk.banks.map((bank) => {
  const before = first.disk.banks.find(({ partition }) => partition === bank.partition);
  return bankPair(bank, before === bank ? undefined : before);
})}
${kindLegend([...first.disk.banks, ...last.disk.banks])}
</div>`;
}

const labelled = ({ label, disk }: DiskRecord, view: (disk: DiskSummary) => Html): Html =>
  html`<p class="note">${label}</p>${view(disk)}`;

const equalParts = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

interface Cell {
  readonly name: string;
  readonly bytes: number;
  readonly offset: number;
  readonly look: string;
}

/** Cells wide enough to be read, joined by lines to a strip that is true to scale. */
function partitionMap({ partitions, bytes, banks, next }: DiskSummary): Html {
  const isBank = new Set(banks.map(({ partition }) => partition));
  const cells = [...partitions]
    .sort((a, b) => a.offset - b.offset)
    .map(
      ({ number, name, ...place }): Cell => ({
        ...place,
        name: `${number} ${name}`,
        look: isBank.has(number) ? `bank${number === next ? ' next' : ''}` : '',
      }),
    );
  const shares = readableShares(cells.map((cell) => cell.bytes));
  let at = 0;
  const drawn = cells.map((cell, index) => {
    const share = shares[index] ?? 0;
    const left = at;
    at += share;
    return partitionCell(cell, left, share, bytes);
  });
  const label = cells.map((cell) => `${cell.name} ${humanSize(cell.bytes)}`).join(', ');
  return html`<svg class="map" width="100%" height="${stripTop + 8}" role="img" aria-label="${label}; ${humanSize(bytes)} in all">${drawn}</svg>
<ul class="parts">${cells.map(({ name, bytes: size }) => html`<li>${name} <b>${humanSize(size)}</b></li>`)}</ul>`;
}

function partitionCell(
  { name, bytes, offset, look }: Cell,
  left: number,
  share: number,
  all: number,
): Html {
  const [from, to] = [offset / all, (offset + bytes) / all];
  const [x, end] = [percent(left), percent(left + share)];
  // Numbers always fit; names where there is room, and the title has both.
  const [number = '', ...words] = name.split(' ');
  const room = share > 0.007 * name.length + 0.01;
  const middle = percent(left + share / 2);
  return html`<g class="part ${look}"><title>${name}: ${humanSize(bytes)} at ${humanSize(offset)}</title><rect x="${x}" y="0.5" width="${percent(share)}" height="${cellHeight}"/><text x="${middle}" y="14"><tspan class="num">${number}</tspan>${
    room && html`<tspan class="name"> ${words.join(' ')}</tspan>`
  }</text><text class="sub" x="${middle}" y="28">${shortSize(bytes)}</text><line x1="${x}" x2="${percent(from)}" y1="${cellHeight}" y2="${stripTop}"/><line x1="${end}" x2="${percent(to)}" y1="${cellHeight}" y2="${stripTop}"/><rect class="strip" x="${percent(from)}" y="${stripTop}" width="${percent(to - from)}" height="8"/></g>`;
}

/** Without what a narrow cell has no room for. */
function shortSize(bytes: number): string {
  const [number = '', unit = ''] = humanSize(bytes).split(' ');
  return `${number.replace(/\.0$/, '')} ${unit.replace('iB', '')}`;
}

/** Shares of the width, in sum 1, each at least {@link leastShare} where that is possible. */
export function readableShares(sizes: readonly number[]): number[] {
  const least = Math.min(leastShare, 1 / Math.max(1, sizes.length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const room = 1 - least * sizes.length;
  return sizes.map((size) => least + room * (total > 0 ? size / total : 1 / sizes.length));
}

function bankPair(after: BankSummary, before: BankSummary | undefined): Html {
  const changed = before && !equalParts(held(before), held(after));
  const bars = changed
    ? [bankBar(before, 'before'), bankBar(after, 'after')]
    : bankBar(after, before ? 'not changed' : '');
  return html`<div class="bank"><p>${after.partition} ${after.name}</p>${bars}</div>`;
}

const held = ({ build, modules, bytesFree }: BankSummary): unknown => [build, modules, bytesFree];

function bankBar({ bytes, bytesFree, modules, build }: BankSummary, label: string): Html {
  let at = 0;
  const used = modules.reduce((sum, module) => sum + module.bytes, 0);
  const free = bytesFree ?? 0;
  const all = Math.max(bytes, used + free, 1);
  const drawn = modules.map((module) => {
    const left = at;
    at += module.bytes;
    return segment(
      `k-${lookOf(module)}`,
      module.name,
      module.bytes,
      left / all,
      module.bytes / all,
    );
  });
  // What is neither a module nor free: the file system itself, boot.cfg, state.
  const rest = all - used - free;
  return html`<div class="row"><span class="side"><code>${build ?? 'empty'}</code> ${label}</span><svg class="seg" width="100%" height="24" role="img" aria-label="${modules
    .map(({ name, bytes: size }) => `${name} ${humanSize(size)}`)
    .join(
      ', ',
    )}; free ${bytesFree === null ? 'unknown' : humanSize(free)} of ${humanSize(bytes)}">${drawn}${
    rest > 0 &&
    bytesFree !== null &&
    segment('k-rest', 'state, marks, tables', rest, at / all, rest / all)
  }${free > 0 && segment('k-free', 'free', free, 1 - free / all, free / all)}</svg></div>`;
}

function segment(look: string, name: string, size: number, left: number, share: number): Html {
  return html`<g class="${look}"><title>${name}: ${humanSize(size)}</title><rect x="${percent(left)}" y="0" width="${percent(share)}" height="24"/>${
    share > 0.0095 * name.length + 0.01 &&
    html`<text x="${percent(left + share / 2)}" y="16">${name}</text>`
  }</g>`;
}

/** Kernel and initramfs are modules of the base, which everything else lies upon. */
function lookOf({ name, kind }: BankSummary['modules'][number]): string {
  if (kind === 'base' && name === 'vmkernel') return 'kernel';
  if (kind === 'base' && name === 'boot') return 'boot';
  return kind === 'base' || kind === 'oem' ? kind : 'other';
}
const lookNames = { kernel: 'kernel', boot: 'initramfs', base: 'base', oem: 'OEM', other: 'other' };

function kindLegend(banks: readonly BankSummary[]): Html {
  const used = new Set(banks.flatMap(({ modules }) => modules.map(lookOf)));
  const looks = Object.entries(lookNames).filter(([look]) => used.has(look));
  return html`<ul class="legend">${looks.map(([look, name]) => html`<li><i class="k-${look}"></i>${name}</li>`)}<li><i class="k-rest"></i>state, marks, tables</li><li><i class="k-free"></i>free</li></ul>`;
}

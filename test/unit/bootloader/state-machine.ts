import { planConfirm, planInvalidate } from '../../../src/bootloader/bank-actions.ts';
import type { BootCfg, BootMarks } from '../../../src/bootloader/boot-cfg.ts';
import { loaderLine } from '../../../src/bootloader/loader-line.ts';
import { exhausted, stateNames } from '../../../src/bootloader/rules.ts';
import { selectBank } from '../../../src/bootloader/select-bank.ts';
import type { BankFacts, BankIo, Person, Selection } from '../../../src/bootloader/selection.ts';

/** The bank that is looked at is number 5 and first in order; the other one is there to fall back to. */
const [mine, other] = [5, 6];

/** Every state that decides differently; verdicts matter for a DIRTY bank only. */
export const machineStates: readonly BootMarks[] = (
  ['10-', '20-', '20H', '00-', '01-', '02-', '03-', '30-'] as const
).map((word) => {
  const [bootstate, attempts, verdict] = word;
  return { bootstate, attempts, verdict } as BootMarks;
});

const fresh: BootMarks = { bootstate: '0', attempts: '0', verdict: '-' };
const invalid: BootMarks = { bootstate: '3', attempts: '0', verdict: 'R' };

/** What becomes of a bank, and what happened to it on the way. */
interface Outcome {
  readonly did: string;
  readonly after: BootMarks;
}

interface Situation {
  readonly title: string;
  /** Undefined where the rules refuse it. */
  play(marks: BootMarks): Outcome | undefined;
}

/** A boot, or what somebody does to the bank: the columns of the table, the arrows of the diagram. */
export const situations: readonly Situation[] = [
  { title: 'first in order', play: (marks) => boot(marks, fresh, {}) },
  { title: 'the other one INVALID', play: (marks) => boot(marks, invalid, {}) },
  { title: 'contents wrong', play: (marks) => boot(marks, fresh, { wrong: true }) },
  { title: 'cannot be written', play: (marks) => boot(marks, fresh, { unwritable: true }) },
  {
    title: 'confirmed by the system in it',
    play: (marks) => act(marks, (facts) => planConfirm(facts, context(mine), mine).marks),
  },
  {
    title: 'confirmed from outside',
    play: (marks) => act(marks, (facts) => planConfirm(facts, context(other), mine).marks),
  },
  {
    title: 'rolled back',
    play: (marks) => act(marks, (facts) => planInvalidate(facts, context(mine), mine).marks),
  },
];

const context = (running: number) => ({ running, verify: () => undefined });

function facts(marks: BootMarks, others: BootMarks): BankFacts[] {
  const rest = { kernel: 'vmkernel', kernelopt: '', modules: ['boot.v00'], title: '' };
  const reading = (one: BootMarks, updated: number, build: string): BankFacts['bootCfg'] => {
    const cfg: BootCfg = { ...rest, ...one, updated, build };
    return { ok: true, cfg, problems: [] };
  };
  return [
    { partition: mine, bootCfg: reading(marks, 2, '1.1-200') },
    { partition: other, bootCfg: reading(others, 1, '1.0-100') },
  ];
}

interface Trouble {
  readonly wrong?: boolean;
  readonly unwritable?: boolean;
}

function select(
  banks: readonly BankFacts[],
  { wrong, unwritable }: Trouble,
  person?: Person,
): Selection {
  const io: BankIo = {
    write: (partition) => !(unwritable && partition === mine),
    verify: (partition) =>
      wrong && partition === mine ? 'engine.v00 does not match its hash' : undefined,
  };
  return selectBank(banks, io, person);
}

function boot(marks: BootMarks, others: BootMarks, trouble: Trouble) {
  const { booted, banks } = select(facts(marks, others), trouble);
  const me = banks.find(({ partition }) => partition === mine);
  const reason = me?.reason.startsWith('contents') ? 'contents wrong' : me?.reason;
  const did = booted === mine ? 'boots' : reason ? `refused: ${reason}` : 'passed over';
  return { did, after: me?.marks ?? marks };
}

function act(marks: BootMarks, action: (banks: BankFacts[]) => BootMarks) {
  try {
    return { did: 'written', after: action(facts(marks, fresh)) };
  } catch {
    // Refused by the rules; nothing is written.
    return undefined;
  }
}

export function stateText({ bootstate, attempts, verdict }: BootMarks): string {
  return `${stateNames[bootstate]} ${attempts} ${verdict}`;
}

/** One row a state, one column a situation: what happens, and the marks afterwards where they change. */
export function transitionTable(): string {
  const head = ['state', ...situations.map(({ title }) => title)];
  const rows = machineStates.map((marks) => [
    `**${stateText(marks)}**`,
    ...situations.map(({ play }) => {
      const end = play(marks);
      if (!end) return 'refused';
      const same = stateText(end.after) === stateText(marks);
      const [did, after] = [end.did === 'written' ? '' : end.did, stateText(end.after)];
      return [did, same ? (did ? '' : 'as it is') : `→ ${after}`].filter(Boolean).join(' ');
    }),
  ]);
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** A state's box: attempts count for VALID banks, verdicts have no boxes of their own. */
function box({ bootstate, attempts }: BootMarks): string {
  return bootstate === '0' ? `VALID_${attempts}` : stateNames[bootstate];
}

function labelOf(marks: BootMarks, title: string, { did, after }: Outcome): string {
  if (did === 'written') return title;
  if (did !== 'boots') return did.replace('refused: ', '');
  const first = situations[0]?.play(marks);
  return first?.did === 'boots' && box(first.after) === box(after) ? 'boots' : `boots, ${title}`;
}

/** The same transitions as a picture; those that change no box are left out. */
export function mermaidDiagram(): string {
  const arrows = new Map<string, Set<string>>();
  for (const marks of machineStates) {
    for (const { title, play } of situations) {
      const end = play(marks);
      if (!end || box(end.after) === box(marks)) continue;
      const arrow = `${box(marks)} --> ${box(end.after)}`;
      arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(labelOf(marks, title, end)));
    }
  }
  // An update is not the loader's: src/update writes these.
  const update = ['[*] --> INVALID: update begins', 'INVALID --> UPGRADING: update complete'];
  const boxes = [0, 1, 2, 3].map((n) => {
    const worn = String(n) === exhausted ? ', exhausted' : '';
    return `  VALID_${n}: VALID, attempts ${n}${worn}`;
  });
  const lines = [...arrows].map(([arrow, labels]) => `  ${arrow}: ${[...labels].join(', ')}`);
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...boxes,
    ...update.map((line) => `  ${line}`),
    ...lines,
    '```',
  ].join('\n');
}

/** The console's lines of a boot in which much happens. */
export function sampleConsole(): string {
  const trial: BootMarks = { bootstate: '1', attempts: '0', verdict: '-' };
  const { events } = select(facts(trial, fresh), { wrong: true });
  return ['```', 'twinbank: loader', ...events.map(loaderLine), '```'].join('\n');
}

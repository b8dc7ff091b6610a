import type { Selection } from '../../../src/bootloader/selection.ts';
import { consoleLine } from '../../../src/protocol/console-line.ts';
import { setUp } from '../bank-state.ts';
import { type MatrixDisk, partitionGuid } from '../disk.ts';
import { diskDifference, expectBoot, lineDifference } from '../expectation.ts';
import type { PlannedBoot } from '../planned-boots.ts';
import type { Row } from '../report.ts';
import { type BootRule, bootRules, rulesSeen } from '../rules-seen.ts';
import { stubWord } from '../stub-kernel.ts';
import type { LastLine, Rig } from './rig.ts';

/** Boots once on a machine, and says whether it did what the pure function does. */
export async function compareOnMachine(
  rig: Rig,
  disk: MatrixDisk,
  work: Buffer,
  planned: PlannedBoot,
): Promise<Row> {
  const { rule, title, states, person = { wants: 'none' }, presses = [], again } = planned;
  const banks = setUp(disk, work, states, !planned.readOnly);
  const before = Buffer.from(work);
  const first = expectBoot(disk, work, banks, person);
  const rules = new Set<BootRule>(rulesSeen(first.facts, first.selection, person));
  const expected = [...first.lines];
  let { selection } = first;
  if (again) {
    const second = expectBoot(disk, work, banks);
    expected.push(...second.lines);
    for (const one of rulesSeen(second.facts, second.selection, { wants: 'none' })) rules.add(one);
    selection = second.selection;
  }
  const seen = (Object.keys(bootRules) as BootRule[]).filter((one) => rules.has(one));
  const row = { title, states, rules: seen, selection };
  const keys = again ? [...presses, again] : presses;
  try {
    const lines = await rig.boot(before, lastLine(again ? 2 : 1), keys);
    const problem =
      (!rule || rules.has(rule) ? '' : `the rule "${bootRules[rule]}" had no say`) ||
      lineDifference(expected, lines) ||
      endDifference(selection, lines) ||
      diskDifference(disk, work, rig.disk());
    return { ...row, problem };
  } catch (error) {
    return { ...row, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The stub kernel's word, or the end of the rescue prompt that counts. */
function lastLine(rescues: number): LastLine {
  const isRescue = (line: string) => line.includes('reboots by itself');
  return (line, lines) =>
    line.startsWith(stubWord) || (isRescue(line) && lines.filter(isRescue).length >= rescues);
}

/** What runs in the end: the right kernel with its options, or a rescue prompt with every reason. */
function endDifference({ booted, banks }: Selection, lines: readonly string[]): string {
  const last = lines.at(-1) ?? '';
  if (booted === null) {
    const missing = banks
      .map(({ partition: bank, reason }) => consoleLine({ type: 'rescue-bank', bank, reason }))
      .find((line) => !lines.includes(line));
    return missing === undefined ? '' : `expected ${missing}, found ${lines.slice(-5).join(' ')}`;
  }
  const found = last.toLowerCase().split(' ');
  const partition = partitionGuid(booted).toLowerCase();
  const words = ['quiet', 'a=b', `twinbank.bank=${booted}`, `twinbank.partuuid=${partition}`];
  const missing = words.find((word) => !found.includes(word));
  const isStub = last.startsWith(stubWord);
  return isStub && missing === undefined ? '' : `expected a kernel with ${missing}, found ${last}`;
}

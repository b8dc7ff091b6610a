import type { Bank } from '../../../bootloader/read-banks.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { Outcome } from '../../../harness/console/boot-progress.ts';
import type { Colors, Context } from '../../command.ts';
import { bankLine } from '../../text/bank-text.ts';

/** What became of the boots that were followed, the first first. */
type BootStory = readonly { readonly booted: number | null; readonly outcome: Outcome }[];

/** One line a boot, then both banks as they are now. */
export function storyText(story: BootStory, banks: readonly Bank[], colors: Colors): string {
  const lines = story.map(({ booted, outcome }, index) => {
    const color = outcome === 'healthy' ? colors.green : colors.yellow;
    const bank = booted === null ? 'no bank' : `bank ${booted}`;
    return `Boot ${index + 1}  ${bank}  ${color(outcome)}`;
  });
  return [...lines, ...bankLines(banks, colors)].join('\n');
}

/** A line for each bank as it is now. */
export function bankLines(banks: readonly Bank[], colors: Colors): string[] {
  return banks.map((bank) => `Bank ${bank.partition}  ${bankLine(bank, colors)}`);
}

/** The contract's form, and each boot. */
export function storyJson(story: BootStory) {
  const last = story.at(-1);
  return {
    booted: last?.booted ?? null,
    outcome: last?.outcome ?? 'timeout',
    boots: story.map(({ booted, outcome }, index) => ({ boot: index + 1, booted, outcome })),
  };
}

/** Exit code 7, unless the last boot ended well; `hint` is a clause that says what is likely. */
export function storyFailure(story: BootStory, hint?: string): TwinbankError | undefined {
  const last = story.at(-1);
  if (last?.outcome === 'healthy') return undefined;
  const bank = last?.booted === null ? '' : ` of bank ${last?.booted}`;
  const message = `boot ${story.length}: expected a healthy system, found ${last?.outcome}${bank}${hint === undefined ? '' : `; ${hint}`}`;
  return new TwinbankError('boot', 'boot.failed', message);
}

/** A fault that did nothing tests nothing. */
export function warnOfUnfired(unfired: readonly string[], { report }: Context): void {
  for (const fault of unfired) {
    report({ type: 'warning', text: `--fault ${fault}: it never happened in the boots followed` });
  }
}

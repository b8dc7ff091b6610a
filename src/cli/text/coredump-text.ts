import { type CrashLog, isPanicLine } from '../../coredump/crash-log.ts';
import { humanSize } from '../../diagnostics/size.ts';
import type { CoredumpHeader } from '../../disk/coredump-header.ts';
import type { Colors } from '../command.ts';
import { plain } from './plain-text.ts';

/** What is known of a core dump: its header, and what its log says. */
export interface CoredumpSummary extends CoredumpHeader, Omit<CrashLog, 'reason'> {
  /** The dump has the hash that was written with it; null where there is only a log. */
  readonly intact: boolean | null;
  readonly log: readonly string[];
  readonly laterLog: readonly string[];
}

/** So many lines of a log's end are shown; JSON has all. */
const shownLines = 10;

/** What `coredump` shows people. */
export function coredumpText(
  image: string,
  summary: CoredumpSummary,
  written: { readonly path: string; readonly bytes: number } | null,
  colors: Colors,
): string {
  if (summary.state === 'empty') return `${image}: no core dump`;
  const { build, bank, time, reason, cause, kernel, hardware, context, stack } = summary;
  const row = (name: string, text: string): string[] =>
    text === '' ? [] : [`${colors.bold(name.padEnd(9))} ${plain(text)}`];
  const blocks = [
    [
      ...row('Panic', reason === '' ? 'the log gives no reason' : reason),
      ...row('Cause', cause),
      ...row('Time', timeText(time)),
      ...row('Build', `${build}, bank ${bank}`),
      ...row('Kernel', kernel),
      ...row('Hardware', hardware),
      ...row('Context', context),
      ...row('Dump', dumpText(summary)),
      ...row('Fetched', summary.fetched ? 'yes' : 'no: the next crash only adds its log'),
      ...row('Modules', summary.modules.join(' ')),
    ].join('\n'),
    list(colors.bold('Calls, the last one first:'), stack),
    list(colors.bold('End of the log:'), logEnd(summary.log)),
    ...laterBlock(summary, colors),
    ...(written ? [`${written.path}: ${humanSize(written.bytes)} for crash and makedumpfile`] : []),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function dumpText({ state, length, intact }: CoredumpSummary): string {
  const size = humanSize(length);
  const damage = intact === false && state !== 'writing' ? ', damaged since' : '';
  const texts = {
    empty: 'none',
    writing: 'never finished',
    complete: `${size}, complete`,
    cut: `${size}, cut at the end of the partition`,
    failed: `${size}, as makedumpfile failed`,
  };
  return `${texts[state]}${damage}`;
}

function laterBlock({ later, laterLog }: CoredumpSummary, colors: Colors): string[] {
  if (later.count === 0) return [];
  const crashes = later.count === 1 ? '1 later crash' : `${later.count} later crashes`;
  const heading = `${crashes}, the last one at ${timeText(later.time)}; the end of its log:`;
  return [list(colors.bold(heading), logEnd(laterLog))];
}

/** What the kernel says after its trace is registers and where it lay in memory; what came before the panic tells more. */
function logEnd(log: readonly string[]): readonly string[] {
  const panic = log.findIndex(isPanicLine);
  return panic < 0
    ? log.slice(-shownLines)
    : log.slice(Math.max(0, panic + 1 - shownLines), panic + 1);
}

function list(heading: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return [heading, ...lines.map((line) => `  ${plain(line)}`)].join('\n');
}

function timeText(time: number): string {
  const when = new Date(time * 1000);
  return Number.isNaN(when.getTime()) ? 'unknown' : when.toISOString().replace('.000', '');
}

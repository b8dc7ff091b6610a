import { readBanks } from '../../../bootloader/read-banks.ts';
import type { TwinbankError } from '../../../diagnostics/error.ts';
import type { OpenImageOptions } from '../../../disk/open-image.ts';
import { bootError } from '../../../harness/console/boot-error.ts';
import type { ConsoleLine } from '../../../harness/console/console-log.ts';
import { bindFaults } from '../../../harness/faults/bind-faults.ts';
import type { Fault, NamedFault } from '../../../harness/faults/fault.ts';
import { silentBootHint } from '../../../harness/machine/silent-boot.ts';
import { type BootResult, bootInQemu } from '../../../harness/qemu/boot.ts';
import { followBoots } from '../../../harness/qemu/follow-boots.ts';
import type { MachineOptions } from '../../../harness/qemu/machine.ts';
import { simDisk } from '../../../harness/sim/sim-disk.ts';
import type { Context, Result } from '../../command.ts';
import { reportWithdrawn } from '../../host-disk.ts';
import { type MachineDisk, withImage, withMachineDisk } from '../../machine-disk.ts';
import { bankJson } from '../../text/bank-text.ts';
import { timelineChart } from '../../text/timeline-chart.ts';
import { bankLines, storyFailure, storyJson, storyText, warnOfUnfired } from './boot-report.ts';

export interface QemuRun {
  readonly path: string;
  /** All but its disk. */
  readonly machine: Omit<MachineOptions, 'image' | 'format' | 'write'>;
  readonly boots: number;
  readonly faults: readonly NamedFault[];
  readonly write: boolean;
  readonly until?: RegExp;
  readonly timeoutSeconds: number;
}

/** `boot --engine qemu`: on a copy of the image, or with `write` on the image itself. */
export function bootInMachine(run: QemuRun, context: Context): Promise<Result> {
  return withMachineDisk(run.path, run.write, context, (disk) => boot(run, disk, context));
}

async function boot(run: QemuRun, disk: MachineDisk, context: Context): Promise<Result> {
  const onWithdrawn = reportWithdrawn(context.report, run.path);
  const faults = damage(disk.path, run.faults, onWithdrawn);
  disk.withdrawMarks();
  const machine = { ...run.machine, image: disk.path, format: disk.format, write: true };
  const onLine = ({ seconds, text }: ConsoleLine) =>
    context.report({ type: 'note', text: `${seconds.toFixed(1).padStart(6)} ${text}` });
  const watch = {
    machine,
    timeoutMs: run.timeoutSeconds * 1000,
    signal: context.signal,
    onLine,
  };
  if (run.boots > 1 || faults.length > 0) {
    const followed = await followBoots({ ...watch, boots: run.boots, faults });
    warnOfUnfired(followed.unfired, context);
    const banks = withImage(disk.path, ({ device }) => readBanks(device));
    return {
      json: {
        ...storyJson(followed.boots),
        events: followed.boots.flatMap(({ lines }, index) => consoleEvents(lines, index + 1)),
        unfired: followed.unfired,
        banks: banks.map(bankJson),
      },
      text: storyText(followed.boots, banks, context.colors),
      failure: storyFailure(followed.boots, hintOf(followed.boots.at(-1), disk.path)),
    };
  }
  const result = await bootInQemu({ ...watch, ...(run.until && { until: run.until }) });
  const banks = withImage(disk.path, ({ device }) => readBanks(device));
  return {
    json: {
      ...storyJson([result]),
      bootSeconds: result.bootSeconds ?? null,
      stages: result.stages,
      events: consoleEvents(result.lines, 1),
      banks: banks.map(bankJson),
    },
    text: [timelineChart(result, context.columns), ...bankLines(banks, context.colors)].join('\n'),
    failure: failureOf(result, run, hintOf(result, disk.path)),
  };
}

function consoleEvents(lines: readonly ConsoleLine[], boot: number) {
  return lines.map(({ seconds, text }) => ({ boot, type: 'console', seconds, text }));
}

/** Binds the faults to the disk, and does to it what they say. */
function damage(
  path: string,
  named: readonly NamedFault[],
  onWithdrawn: OpenImageOptions['onWithdrawn'],
): readonly Fault[] {
  if (named.length === 0) return [];
  const writable = named.some(({ effect }) => effect.on === 'disk');
  return withImage(path, ({ device }) => bindFaults(named, simDisk(device)), {
    writable,
    onWithdrawn,
  });
}

function failureOf(
  { outcome, lines }: BootResult,
  { until, timeoutSeconds }: Pick<QemuRun, 'until' | 'timeoutSeconds'>,
  hint: string | undefined,
): TwinbankError | undefined {
  if (outcome === 'healthy' || outcome === 'reached') return undefined;
  const awaited = until ? `a console line like ${until}` : 'the ready line';
  const found = outcome === 'timeout' ? `none in ${timeoutSeconds} s` : `${outcome}`;
  return bootError('boot.failed', `expected ${awaited}, found ${found}`, lines, hint);
}

/** Of a boot that took too long, what its silence is likely to come from. */
function hintOf(
  boot: Pick<BootResult, 'outcome' | 'lines'> | undefined,
  path: string,
): string | undefined {
  if (boot?.outcome !== 'timeout') return undefined;
  return withImage(path, ({ device }) => silentBootHint(boot.lines, device));
}

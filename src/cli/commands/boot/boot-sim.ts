import { assertTwinbankDisk } from '../../../bootloader/inspect-image.ts';
import { readBanks } from '../../../bootloader/read-banks.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import { openImage } from '../../../disk/open-image.ts';
import { overlayDevice } from '../../../disk/overlay-device.ts';
import { bindFaults } from '../../../harness/faults/bind-faults.ts';
import type { NamedFault } from '../../../harness/faults/fault.ts';
import { simulateBoots } from '../../../harness/sim/sim-boot.ts';
import { simBootLine } from '../../../harness/sim/sim-boot-event.ts';
import { simDisk } from '../../../harness/sim/sim-disk.ts';
import { withDiskClaim } from '../../../host/disk-claim.ts';
import type { Context, Result } from '../../command.ts';
import { readOnly, reportWithdrawn } from '../../host-disk.ts';
import { bankJson } from '../../text/bank-text.ts';
import { plain } from '../../text/plain-text.ts';
import { storyFailure, storyJson, storyText, warnOfUnfired } from './boot-report.ts';

interface SimulatedRun {
  readonly path: string;
  readonly boots: number;
  readonly faults: readonly NamedFault[];
  /** Keep what the loader and the system write, and what the faults damage. */
  readonly write: boolean;
}

/** `boot --engine sim`: the loader's decisions on the image's real bytes, and a system that is played. */
export async function bootInSimulator(run: SimulatedRun, context: Context): Promise<Result> {
  if (!run.write) return simulate(run, context);
  const { signal } = context;
  return withDiskClaim(run.path, async () => simulate(run, context), { signal });
}

function simulate({ path, boots, faults: named, write }: SimulatedRun, context: Context): Result {
  const opened = openImage(path, {
    // A fault may damage whatever is in a bank.
    ...{ writable: write, change: named.length > 0 ? 'system' : 'marks' },
    onWithdrawn: reportWithdrawn(context.report, path),
  });
  try {
    assertTwinbankDisk(opened.device);
    if (write && opened.format !== 'raw') throw readOnly(path, opened.format);
    const disk = simDisk(write ? opened.device : overlayDevice(opened.device));
    const faults = bindFaults(named, disk);
    const result = simulateBoots(disk, { boots, faults });
    if (write) opened.device.flush();
    warnOfUnfired(result.unfired, context);
    const events = result.boots.flatMap(({ events }, index) =>
      events.map((event) => ({ boot: index + 1, ...event, text: simBootLine(event) })),
    );
    const after = readBanks(disk.device);
    const transcript = events.map(({ text }) => plain(text)).join('\n');
    return {
      json: {
        ...storyJson(result.boots),
        events,
        unfired: result.unfired,
        banks: after.map(bankJson),
      },
      text: `${transcript}\n\n${storyText(result.boots, after, context.colors)}`,
      failure: storyFailure(result.boots),
    };
  } catch (error) {
    throw inFile(path, error);
  } finally {
    opened.close();
  }
}

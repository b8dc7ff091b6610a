import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { journalOfDisk } from '../../bootloader/store-journal.ts';
import { writingAt } from '../../diagnostics/system-error.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { makeFolders } from '../../disk/make-folders.ts';
import { copyExtents, nonZeroExtents } from '../../disk/sparse.ts';
import type { TestMachine } from '../machine/test-machine.ts';
import { diskSummary } from '../report/disk-summary.ts';
import type { MachineWatch } from '../scenario/machine-watch.ts';
import type { ScenarioEvent, StepContext } from '../scenario/step-context.ts';

/** Where an attempt keeps files for people. */
export interface ArtefactFolder {
  /** Absolute path of a file in it, whose folder is there. */
  place(fileName: string): Promise<string>;
  /** Its path as events have it. */
  shown(fileName: string): string;
  readonly keep: StepContext['keep'];
}

/** `root/RUN-ATTEMPT/`; it is made when the first file comes. */
export function artefactFolder(
  root: string,
  run: string,
  attempt: number,
  emit: (event: ScenarioEvent) => void,
): ArtefactFolder {
  const name = `${run.replaceAll(/[^\w.=+-]+/g, '-').replace(/-$/, '')}-${attempt}`;
  const shown = (fileName: string): string => `${name}/${fileName}`;
  const place = async (fileName: string): Promise<string> => {
    makeFolders(join(root, name));
    return join(root, name, fileName);
  };
  return {
    place,
    shown,
    async keep(label, fileName, bytes) {
      const path = await place(fileName);
      await writingAt(path, () => writeFile(path, bytes));
      if (label !== '') emit({ type: 'artefact', label, path: shown(fileName) });
      return shown(fileName);
    },
  };
}

/** One thing that is kept; what cannot be had is said, and keeps no other from being kept. */
interface Trace {
  readonly label: string;
  keep(): Promise<unknown>;
}

/** Keeps all that tells how a machine came to where it is. Ends with its power cut. */
export async function keepTraces(
  machine: TestMachine,
  watch: MachineWatch,
  folder: ArtefactFolder,
  emit: (event: ScenarioEvent) => void,
): Promise<void> {
  const lines = watch.lines.map(
    ({ seconds, text }) => `${seconds.toFixed(2).padStart(8)} ${text}\n`,
  );
  const traces: Trace[] = [
    { label: 'console', keep: () => folder.keep('console', 'console.txt', lines.join('')) },
  ];
  if (machine.isOn() && machine.abilities.has('screen')) {
    traces.push({ label: 'screen', keep: () => keepScreen(machine, folder, emit) });
  }
  if (machine.abilities.has('disk')) {
    traces.push({ label: 'disk', keep: () => keepDisk(machine, folder, emit) });
  }
  const problems: string[] = [];
  for (const { label, keep } of traces) {
    await keep().catch((error: Error) => problems.push(`${label}: ${error.message}\n`));
  }
  if (problems.length > 0)
    await folder.keep('what could not be kept', 'problems.txt', problems.join(''));
}

async function keepScreen(
  machine: TestMachine,
  folder: ArtefactFolder,
  emit: (event: ScenarioEvent) => void,
): Promise<void> {
  const path = await folder.keep('', 'screen.png', await machine.screenshot());
  emit({ type: 'screenshot', label: 'at the end', path });
}

/** What the disk holds, boot journal, and the data of the whole disk as a sparse file. */
async function keepDisk(
  machine: TestMachine,
  folder: ArtefactFolder,
  emit: (event: ScenarioEvent) => void,
): Promise<void> {
  if (machine.isOn()) await machine.cut();
  const path = await folder.place('disk.img');
  const { summary, journal } = await machine.withDisk((device) => {
    const target = openFileDevice(path, { create: true, size: device.size });
    try {
      copyExtents(device, target, nonZeroExtents(device));
    } finally {
      target.close();
    }
    return { summary: diskSummary(device), journal: journalOfDisk(device) };
  });
  emit({ type: 'disk', label: 'at the end', disk: summary });
  emit({ type: 'artefact', label: 'disk', path: folder.shown('disk.img') });
  const text = journal.map((record) => `${JSON.stringify(record)}\n`).join('');
  await folder.keep('boot journal', 'journal.ndjson', text);
  await folder.keep('banks', 'banks.json', `${JSON.stringify(summary.banks, null, 2)}\n`);
}

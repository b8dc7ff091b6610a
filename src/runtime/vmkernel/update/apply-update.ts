import type { JournalEvent } from '../../../bootloader/boot-journal.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { ProgressEvent } from '../../../diagnostics/progress.ts';
import { type ByteSource, fileSource, streamSource } from '../../../update/source/byte-source.ts';
import { httpSource } from '../../../update/source/http-source.ts';
import { updateWithJournal } from '../../../update/update-with-journal.ts';
import { withRunningDisk } from './update-disk.ts';
import type { BundleOrigin, UpdateTask, WorkerMessage } from './update-message.ts';

/** Puts a bundle into the bank that does not run; tells progress, and the journal from the first write on. */
export async function applyUpdate(
  task: UpdateTask & { task: 'apply' },
  pieces: () => AsyncIterable<Uint8Array>,
  say: (message: WorkerMessage) => void,
): Promise<Record<string, unknown>> {
  const source = await openSource(task.origin, pieces, say);
  try {
    const journal = (event: JournalEvent) => say({ type: 'journal', event });
    const report = (event: ProgressEvent) => say({ type: 'progress', event });
    const { outcome, plan } = await withRunningDisk(task, (disk) =>
      updateWithJournal(source, disk, { running: task.running, report }, journal),
    );
    const { from, to, target, oems, keyIds } = plan;
    return { outcome, from, to, bank: target, oems, keyIds };
  } finally {
    await source.close();
  }
}

async function openSource(
  origin: BundleOrigin,
  pieces: () => AsyncIterable<Uint8Array>,
  say: (message: WorkerMessage) => void,
): Promise<ByteSource> {
  switch (origin.from) {
    case 'file':
      return fileSource(origin.path);
    case 'caller':
      return streamSource('the bundle', pieces());
    case 'url':
      return httpSource(origin.url, { report: (event) => say({ type: 'progress', event }) });
  }
}

/** The origin that a caller names. Throws `usage` for what is none. */
export function parseOrigin(source: unknown): BundleOrigin {
  if (source === '-') return { from: 'caller' };
  if (typeof source === 'string') {
    if (/^https?:\/\//i.test(source)) return { from: 'url', url: source };
    if (/^\/tmp\/[^/\0]+$/.test(source) && !source.endsWith('/..')) {
      return { from: 'file', path: source };
    }
  }
  const found = JSON.stringify(source ?? null).slice(0, 80);
  const message = `source: expected a file in /tmp, an http or https URL, or -, found ${found}`;
  throw new TwinbankError('usage', 'usage', message);
}

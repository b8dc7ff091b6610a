import { TwinbankError } from '../../diagnostics/error.ts';
import { applyBundle } from '../../update/apply.ts';
import { type ByteSource, fileSource, streamSource } from '../../update/source/byte-source.ts';
import { httpSource } from '../../update/source/http-source.ts';
import { withRunningDisk } from './update-disk.ts';
import type { BundleOrigin, UpdateTask, WorkerMessage } from './update-message.ts';

/** Puts a bundle into the bank that does not run; tells progress, and the journal from the first write on. */
export async function applyUpdate(
  task: UpdateTask & { task: 'apply' },
  pieces: () => AsyncIterable<Uint8Array>,
  say: (message: WorkerMessage) => void,
): Promise<Record<string, unknown>> {
  const source = await openSource(task.origin, pieces, say);
  let begun: { bank: number; from: string; to: string } | undefined;
  try {
    const { outcome, plan } = await withRunningDisk(task, (disk) =>
      applyBundle(source, disk, {
        running: task.running,
        report: (event) => say({ type: 'progress', event }),
        onBegin: ({ target: bank, from, to }) => {
          begun = { bank, from, to };
          say({ type: 'journal', event: { event: 'update', step: 'begun', ...begun } });
        },
      }),
    );
    if (begun) say({ type: 'journal', event: { event: 'update', step: 'complete', ...begun } });
    const { from, to, target, oems, keyIds } = plan;
    return { outcome, from, to, bank: target, oems, keyIds };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (begun) say({ type: 'journal', event: { event: 'update', step: 'failed', ...begun, why } });
    throw error;
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

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemApt } from '../../../../src/builder/components/apt.ts';
import type { Cache } from '../../../../src/builder/components/cache.ts';
import type { ComponentContext } from '../../../../src/builder/components/component.ts';
import type { ProgressEvent } from '../../../../src/diagnostics/progress.ts';

/** An empty directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'twinbank-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An empty cache, with what was reported. */
export function emptyCache(): { cache: Cache; events: ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent) => void events.push(event);
  return { cache: { directory: temporaryDirectory(), key: Buffer.alloc(32, 1), report }, events };
}

/** An empty cache and the system's apt. */
export function emptyContext(): { context: ComponentContext; events: ProgressEvent[] } {
  const { cache, events } = emptyCache();
  return { context: { cache, apt: systemApt, report: cache.report }, events };
}

export function warnings(events: readonly ProgressEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
}

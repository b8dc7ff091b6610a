import { resolve } from 'node:path';
import { htmlReport } from '../../../src/harness/report/html/page.ts';
import { pageCode } from '../../../src/harness/report/html/page-code.ts';
import type { RunEvent } from '../../../src/harness/report/run-event.ts';
import { collectRun } from '../../../src/harness/report/run-record.ts';
import { grayPng } from './png.ts';

/** The page of a run whose screenshots are all there. */
export async function pageOf(events: readonly RunEvent[]): Promise<string> {
  const run = collectRun();
  for (const event of events) run.add(event);
  const picture = grayPng(720, 400);
  return htmlReport(run.record(), {
    ...(await pageCode(resolve(import.meta.dirname, '../../..'))),
    screenshot: () => picture,
    link: ({ path }) => `./kept/${path}`,
  });
}

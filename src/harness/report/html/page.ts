import { createHash } from 'node:crypto';
import type { KeptFile, RunRecord } from '../record.ts';
import { isGreen } from '../verdict.ts';
import { pageBudget } from './budget.ts';
import { type Html, html } from './html.ts';
import { headline, scenarioTable, summaryView } from './overview-view.ts';
import type { PageCode } from './page-code.ts';
import { failuresView, scenarioView } from './scenario-view.ts';

export interface ReportAssets extends PageCode {
  /** The PNG of a screenshot, or undefined where the file is not there. */
  screenshot(file: KeptFile): Uint8Array | undefined;
  /** The URL of a kept file as the report links to it, or undefined for no link. */
  link(file: KeptFile): string | undefined;
}

/** More open consoles make a browser slow, and nobody scrolls past them. */
const mostOpened = 3;

/**
 * One file of HTML that needs nothing else: style, script and pictures are in it, and its policy forbids everything but
 * those. It can be read without its script, which filters, sorts and finds.
 */
export function htmlReport(record: RunRecord, assets: ReportAssets): string {
  const { script, style, link } = assets;
  const budget = pageBudget(record, assets.screenshot);
  const { scenarios } = record;
  const failed = scenarios.filter(({ verdict }) => verdict === 'failed');
  // One alone is what the page is about.
  const opened = new Set(scenarios.length === 1 ? scenarios : failed.slice(0, mostOpened));
  const policy = [
    `default-src 'none'`,
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="twinbank">
<title>${isGreen(record) ? '✓' : '✕'} ${headline(record)} – twinbank</title>
<style>${trusted(style)}</style>
</head>
<body>
<header><p>twinbank <span>test report</span></p><button id="theme" class="needs-script" type="button">Theme: auto</button></header>
<main>
${summaryView(record)}
${failuresView(record.scenarios)}
${record.scenarios.length > 0 && scenarioTable(record)}
${
  record.scenarios.length > 0 &&
  html`<section aria-labelledby="details"><h2 id="details">Details</h2>
<p class="tools needs-script"><button type="button" data-fold="open">Open all shown</button> <button type="button" data-fold="close">Close all</button></p>
${record.scenarios.map((scenario, index) => scenarioView(scenario, index, { budget, link, open: opened.has(scenario) }))}</section>`
}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.html;
}

/** Our own code, which `pageCode` has made safe to stand between tags. */
const trusted = (code: string): Html => ({ html: code });

const digest = (code: string): string =>
  `sha256-${createHash('sha256').update(code).digest('base64')}`;

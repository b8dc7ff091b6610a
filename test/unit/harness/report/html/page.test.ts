import { describe, expect, it } from 'vitest';
import { readableShares } from '../../../../../src/harness/report/html/disk-view.ts';
import {
  duration,
  escapeHtml,
  html,
  percent,
} from '../../../../../src/harness/report/html/html.ts';
import { headline } from '../../../../../src/harness/report/html/overview-view.ts';
import { collectRun } from '../../../../../src/harness/report/run-record.ts';
import { exampleRun } from '../../../../support/report/example-run.ts';
import { hostileRun } from '../../../../support/report/hostile-run.ts';
import { largeRun } from '../../../../support/report/large-run.ts';
import { pageOf } from '../../../../support/report/page-of.ts';
import { eventStream } from '../../../../support/report/stream.ts';

describe('markup', () => {
  it('escapes every text, and nothing twice', () => {
    const inner = html`<b title="${'"<\'>&'}">${'<i>'}</b>`;
    expect(html`${inner}${['&', 1, false, undefined, null]}`.html).toBe(
      '<b title="&quot;&lt;&#39;&gt;&amp;">&lt;i&gt;</b>&amp;1',
    );
  });

  it('shows what hides or turns text around', () => {
    expect(escapeHtml('a\u202eb\u200bc\u0000\u001b\u007f\u0085\ud800\t\n')).toBe(
      'a⟨U+202E⟩b⟨U+200B⟩c␀␛␡⟨U+0085⟩⟨U+D800⟩\t\n',
    );
  });

  it('has times for people', () => {
    expect([0.001, 0.44, 14.24, 99.94, 185, 3725].map(duration)).toEqual([
      ...['0.001 s', '0.4 s', '14.2 s', '99.9 s', '3 min 05 s', '1 h 02 min'],
    ]);
    expect([-1, 0.12345, 2].map(percent)).toEqual(['0.00%', '12.35%', '100.00%']);
  });
});

describe('the map of partitions', () => {
  it('gives each what can be read, and the rest by size', () => {
    const shares = readableShares([1, 4, 48, 48, 110, 540]);
    expect(Math.min(...shares)).toBeGreaterThan(0.05);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(readableShares(Array.from({ length: 100 }, () => 1))[0]).toBeCloseTo(0.01, 10);
    expect(readableShares([0, 0])).toEqual([0.5, 0.5]);
  });
});

describe('the headline', () => {
  const said = (
    verdicts: readonly ('passed' | 'failed' | 'skipped' | 'not-applicable')[],
    cut = false,
  ) => {
    const stream = eventStream({ scenarios: verdicts.length });
    verdicts.forEach((verdict, at) => void stream.scenario(`s${at}`).done(verdict));
    const run = collectRun();
    for (const event of cut ? stream.events : stream.end()) run.add(event);
    return headline(run.record());
  };

  it('is green only for what was run', () => {
    expect(said(['passed'])).toBe('The scenario passed');
    expect(said(['passed', 'passed'])).toBe('All 2 scenarios passed');
    expect(said(['passed', 'not-applicable'])).toBe('1 of 2 scenarios passed, none failed');
    expect(said(['skipped', 'not-applicable'])).toBe('None of 2 scenarios could be run');
    expect(said([])).toBe('No scenario was run');
    expect(said(['passed', 'failed', 'passed'])).toBe('1 of 3 scenarios failed');
    expect(said(['passed'], true)).toBe('The run is not complete');
  });
});

describe('the page', () => {
  it.each([
    [1, 'passed', 1],
    [2, 'passed', 0],
    [5, 'failed', 3],
  ] as const)(
    'of %i scenarios that have %s shows %i of them open',
    async (count, verdict, open) => {
      const stream = eventStream({ scenarios: count });
      for (let at = 0; at < count; at += 1) stream.scenario(`s${at}`).done(verdict);
      const page = await pageOf(stream.end());
      expect(page.match(/<details class="scenario[^>]* open>/g) ?? []).toHaveLength(open);
    },
  );

  it('is one file that asks for nothing from anywhere', async () => {
    const page = await pageOf(exampleRun());
    expect(page).toMatch(/default-src &#39;none&#39;; script-src &#39;sha256-/);
    expect(page).not.toMatch(/\b(?:https?:)?\/\/[a-z]/);
    expect(page).not.toMatch(/<[^>]*\s(?:style|on\w+)=/);
    for (const [, url] of page.matchAll(/\s(?:src|href)="([^"]*)"/g)) {
      expect(url).toMatch(/^(?:#|\.\/|data:image\/png;base64,)/);
    }
  });

  it('has ids that are unique, and links in it that lead somewhere', async () => {
    const page = await pageOf(exampleRun());
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/\s(?:href="#|for=")([^"]*)"/g)) {
      expect(ids).toContain(target);
    }
  });

  it('has two scripts and styles of its own whatever the events say', async () => {
    const page = await pageOf(hostileRun());
    expect(page.match(/<(?:script|style)\b/g)).toEqual(['<style', '<script']);
    expect(page).not.toMatch(/<img (?!src="data:)/);
  });

  it('never calls a step passed that was not run', async () => {
    const page = await pageOf(exampleRun());
    expect(page).toMatch(
      /r-not-applicable"><td><span class="v v-not-applicable"[^>]*aria-label="not applicable"/,
    );
  });

  it('grows by less than 40 kB a scenario, however much their consoles say', async () => {
    const [few, many] = [await pageOf(largeRun(100)), await pageOf(largeRun(200))];
    expect((many.length - few.length) / 100).toBeLessThan(40_000);
    expect(few).toContain('lines are left out');
  });
});

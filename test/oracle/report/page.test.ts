import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRun } from '../../support/report/example-run.ts';
import { hostileRun, hostileTexts } from '../../support/report/hostile-run.ts';
import { largeRun } from '../../support/report/large-run.ts';
import { pageOf } from '../../support/report/page-of.ts';
import { judgedBy } from '../components/foreign-tool.ts';

/** Run in the page, whose types are not those of a test. */
const openAll = `for (const one of document.querySelectorAll('details')) one.open = true;`;
const program = 'chromium-headless-shell';

judgedBy([program], () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-page-'));
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: `/usr/bin/${program}` });
    writeFileSync(join(folder, 'example.html'), await pageOf(exampleRun()));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page from the file system; what it says on its console and whatever it loads beside itself is kept. */
  async function open(name: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage(options);
    const said: string[] = [];
    const url = String(pathToFileURL(join(folder, name)));
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('request', (request) => {
      const loaded = request.url();
      if (loaded !== url && !loaded.startsWith('data:image/png')) said.push(`loads ${loaded}`);
    });
    await page.goto(url);
    return { page, said };
  }

  const rows = (page: Page) => page.locator('#table tbody tr:visible').count();
  const details = (page: Page) => page.locator('.scenario:visible').count();

  describe.each(['light', 'dark'] as const)('the page in %s colours', (colorScheme) => {
    it.each([360, 768, 1280])('is no wider than a window of %i', async (width) => {
      const { page, said } = await open('example.html', {
        colorScheme,
        viewport: { width, height: 800 },
      });
      await page.evaluate(openAll);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBe(width);
      expect(said).toEqual([]);
      await page.close();
    });

    it('is accessible, with everything open', async () => {
      const { page } = await open('example.html', { colorScheme });
      await page.evaluate(openAll);
      // The page's policy lets nothing in; the debugger does.
      await page.evaluate(axe.source);
      const { violations, passes } = await page.evaluate<AxeResults>('axe.run()');
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      expect(found).toEqual([]);
      expect(passes.map(({ id }) => id)).toContain('color-contrast');
      await page.close();
    });
  });

  it('takes the colours that the button says, and keeps them', async () => {
    const { page } = await open('example.html', { colorScheme: 'light' });
    const background = () =>
      page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await background();
    const button = page.locator('#theme');
    await button.click();
    expect(await button.textContent()).toBe('Theme: light');
    await button.click();
    expect(await button.textContent()).toBe('Theme: dark');
    expect(await background()).not.toBe(light);
    await page.reload();
    expect(await button.textContent()).toBe('Theme: dark');
    await page.close();
  });

  it('shows the scenarios that the filter asks for, in the table and below', async () => {
    const { page } = await open('example.html');
    expect([await rows(page), await details(page)]).toEqual([7, 7]);
    await page.keyboard.press('/');
    await page.keyboard.type('UEFI boot');
    expect([await rows(page), await details(page)]).toEqual([1, 1]);
    expect(await page.locator('#shown').textContent()).toBe('1 of 7');
    await page.keyboard.press('Escape');
    await page.locator('button[data-verdict=failed]').click();
    await page.locator('button[data-verdict=flaky]').click();
    expect(await page.locator('#table tbody tr:visible a').allTextContents()).toEqual([
      'update-power-cut',
      'update-from-web-server',
    ]);
    await page.close();
  });

  it('sorts by any column, numbers as numbers, both ways', async () => {
    const { page } = await open('example.html');
    const head = page.locator('#table th', { hasText: 'Time' });
    const keys = async () =>
      (await page.locator('#table tbody td:last-child').all()).map((cell) =>
        cell.getAttribute('data-key').then(Number),
      );
    await head.getByRole('button').click();
    const up = await Promise.all(await keys());
    expect(up).toEqual([...up].sort((a, b) => a - b));
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    await head.getByRole('button').click();
    expect(await Promise.all(await keys())).toEqual(up.reverse());
    await page.close();
  });

  it('opens the scenario that a link leads to', async () => {
    const { page } = await open('example.html');
    const link = page.locator('#table a', { hasText: 'fallback-after-panic' });
    const target = page.locator((await link.getAttribute('href'))!);
    expect(await target.getAttribute('open')).toBe(null);
    await link.click();
    await expect.poll(() => target.getAttribute('open')).toBe('');
    await target.locator('summary').click();
    await link.click();
    await expect.poll(() => target.getAttribute('open')).toBe('');
    await page.close();
  });

  it('finds lines of a console', async () => {
    const { page } = await open('example.html');
    const failed = page.locator('.d-failed');
    await failed.getByLabel('Find').fill('squashfs');
    expect(await failed.locator('.console p:visible').allTextContents()).toEqual([
      '[   12.440391] SQUASHFS error: Failed to read block 0x14b2c1: -5',
    ]);
    await failed.getByLabel('Find').fill('');
    await failed.getByLabel('only stages and marks').check();
    const shown = await failed.locator('.console p:visible').allTextContents();
    expect(shown.some((text) => text.includes('power cut'))).toBe(true);
    expect(shown.some((text) => text.includes('vmm.v00: OK'))).toBe(false);
    await page.close();
  });

  it('begins at the end of the console of what failed', async () => {
    const { page } = await open('example.html');
    const last = page.locator('.d-failed .console p').last();
    expect(await last.textContent()).toContain('vmkd does not answer');
    const below = `(({ scrollTop, clientHeight, scrollHeight }) => ({
      more: scrollHeight > clientHeight,
      left: Math.floor(scrollHeight - scrollTop - clientHeight),
    }))(document.querySelector('.d-failed .console'))`;
    await expect.poll(() => page.evaluate(below)).toEqual({ more: true, left: 0 });
    await page.close();
  });

  it('says everything without its script, too', async () => {
    const { page } = await open('example.html', { javaScriptEnabled: false });
    expect(await rows(page)).toBe(7);
    expect(await page.locator('.needs-script:visible').count()).toBe(0);
    expect(await page.locator('.d-failed .console p').count()).toBeGreaterThan(40);
    await page.close();
  });

  it('does nothing that a text in the events wants, and shows it', async () => {
    writeFileSync(join(folder, 'hostile.html'), await pageOf(hostileRun()));
    const { page, said } = await open('hostile.html');
    await page.evaluate(openAll);
    expect(said).toEqual([]);
    expect(await page.evaluate(`'broken' in globalThis`)).toBe(false);
    expect(await page.locator('script, style').count()).toBe(2);
    expect(await rows(page)).toBe(hostileTexts.length);
    const lines = await page.locator('.console p.l-stage, .console p.l-bad').allTextContents();
    for (const text of hostileTexts.slice(0, 6)) {
      expect(lines.some((line) => line.includes(`twinbank: ${text}`))).toBe(true);
    }
    const text = await page.evaluate('document.body.textContent');
    expect(text).toContain('⟨U+202E⟩evil⟨U+2066⟩ ⟨U+200B⟩⟨U+00AD⟩ ⟨U+D800⟩ ␀␛[31mred⟨U+009B⟩0m␡');
    await page.close();
  });

  it('is of bounded size for 500 scenarios of 400 lines a boot, and opens with all of them', async () => {
    const html = await pageOf(largeRun(500));
    expect(html.length).toBeLessThan(20_000_000);
    writeFileSync(join(folder, 'large.html'), html);
    const { page, said } = await open('large.html');
    expect(said).toEqual([]);
    expect(await rows(page)).toBe(500);
    await page.locator('#filter').fill('matrix-499');
    expect(await rows(page)).toBe(1);
    await page.close();
  });
});

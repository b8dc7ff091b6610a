import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runGithubWorkflow } from '../support/ci-file.ts';
import { npm, packPackage } from '../support/npm-package.ts';
import { runHere } from '../unit/cli/host.ts';

// Its scenario boots under UEFI from NVMe, as most new hosts do.
test('a repository that `twinbank new` began passes every command of its CI file, with the packed twinbank and in QEMU', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-own-repository-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tarball = packPackage(folder);
  const begun = await runHere(['new', 'acme-images', '--package', `file:${tarball}`], {
    host: { cwd: folder },
  });
  expect(begun).toMatchObject({ code: 0, stderr: '' });
  const repository = join(folder, 'acme-images');
  // What its README says first: from then on there is a package-lock.json, which `npm ci` needs.
  npm(['install', '--package-lock-only'], repository);

  const summary = join(folder, 'summary.md');
  const commands = runGithubWorkflow(repository, {
    GITHUB_STEP_SUMMARY: summary,
    npm_config_prefer_offline: 'true',
  });
  expect(commands).toHaveLength(6);

  const results = join(repository, 'out/ci');
  const files = readdirSync(results, { recursive: true, encoding: 'utf8' });
  expect(readFileSync(summary, 'utf8')).toMatch(/^## ✓ twinbank: 1 passed\n/);
  const lines = readFileSync(join(results, 'shard-1.ndjson'), 'utf8').trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({ type: 'run-begin', engine: 'qemu' });
  const confirmed = events.filter(
    ({ type, text }) => type === 'console' && /confirmed \/dev\/nvme0n1p5,/.test(text),
  );
  expect(confirmed).toHaveLength(1);
  // What the artefacts have: the packed image with its papers and the report, and no disk.
  const image = 'image/acme-images-0.1.0';
  const expected = ['report.html', 'junit.xml', `${image}.img.zst`, `${image}.cdx.json`];
  expect(expected.filter((name) => !files.includes(name))).toEqual([]);
  expect(files.filter((name) => name.endsWith('.img'))).toEqual([]);
  execFileSync('zstd', ['--test', '--quiet', join(results, `${image}.img.zst`)]);
});

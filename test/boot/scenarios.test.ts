import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHere } from '../unit/cli/host.ts';

const root = join(import.meta.dirname, '../..');

test('every scenario that is shipped passes on QEMU', async () => {
  const { code, stdout } = await runHere(
    [
      ...['test', 'scenarios', '--json', '--accelerator', 'tcg'],
      ...['--events', 'out/ci/scenarios.ndjson', '--artefacts', 'out/ci/scenarios'],
      ...['--html', 'out/ci/scenarios.html', '--junit', 'out/ci/scenarios.xml'],
    ],
    { host: { cwd: root, env: { ...process.env } } },
  );
  const { totals, scenarios } = JSON.parse(stdout);
  const bad = scenarios.filter(({ verdict }: { verdict: string }) =>
    ['failed', 'flaky', 'skipped'].includes(verdict),
  );
  expect(bad, 'see out/ci/scenarios.html').toEqual([]);
  expect(code).toBe(0);
  expect(totals.passed).toBeGreaterThanOrEqual(23);
});

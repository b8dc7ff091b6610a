import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runs } from '../support/soak.ts';
import { runHere } from '../unit/cli/host.ts';

const root = join(import.meta.dirname, '../..');

test('the shortest scenario on QEMU passes each time, from a machine of its own', async () => {
  const times = runs(1);
  const { code, stdout, stderr } = await runHere(
    [
      ...['test', 'scenarios/first-boot.yaml', '--filter', 'firmware=bios', '--json'],
      ...['--accelerator', 'tcg', '--repeat', String(times)],
    ],
    { host: { cwd: root, env: { ...process.env } } },
  );
  expect(JSON.parse(stdout).totals, stderr).toMatchObject({ passed: times, failed: 0, flaky: 0 });
  expect(code).toBe(0);
});

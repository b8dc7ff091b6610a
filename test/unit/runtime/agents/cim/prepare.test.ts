import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJson } from '../../../../../src/protocol/form.ts';
import { prepare } from '../../../../../src/runtime/agents/cim/prepare.ts';
import { setupForm } from '../../../../../src/runtime/agents/cim/setup.ts';
import { agentHost } from '../../../../../src/runtime/vmkernel/agents/agent-host.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** What is reported, one sentence each. */
function prepared(root: string, files: readonly string[] | undefined): string[] {
  const problems: string[] = [];
  const report = (why: string) => void problems.push(why);
  prepare(agentHost({ agent: { name: 'cim', user }, files, report, root }));
  return problems;
}
const setupOf = (root: string) =>
  parseJson(readFileSync(join(root, 'run/twinbank/cim/setup.json'), 'utf8'), setupForm, 'setup');

test('names the providers that signed manifests list, and no other file', () => {
  const provider = (writes: string[]) => JSON.stringify({ writes, devices: [] });
  const root = temporaryFiles({
    'usr/lib/twinbank/cim/acme/a.json': provider(['/sys/x*']),
    'usr/lib/twinbank/cim/acme/stray.json': provider([]),
    'sys/x1': '',
    'sys/firmware/dmi/tables/DMI': 'table',
  });
  const files = [
    'usr/lib/twinbank/cim/acme/a.json',
    'usr/lib/twinbank/cim/acme/a.mjs',
    'etc/x.json',
  ];
  expect(prepared(root, files)).toEqual([]);
  const setup = setupOf(root);
  expect(setup.providers).toEqual(['/usr/lib/twinbank/cim/acme/a.json']);
  expect(setup.smbiosTable).toBe('/run/twinbank/cim/smbios');
  const table = join(root, setup.smbiosTable);
  expect(readFileSync(table, 'utf8')).toBe('table');
  expect(statSync(table).mode & 0o777).toBe(0o440);
  expect(statSync(join(root, 'run/twinbank/cim')).mode & 0o777).toBe(0o750);
});

test('reports a provider that is gone or damaged, and prepares the rest', () => {
  const place = 'usr/lib/twinbank/cim/acme';
  const root = temporaryFiles({ [`${place}/odd.json`]: '{"writes":["/sys/x"]}' });
  const problems = prepared(root, [`${place}/gone.json`, `${place}/odd.json`]);
  expect(problems).toEqual([
    expect.stringContaining('ENOENT'),
    `/${place}/odd.json.devices: expected a list, found none`,
  ]);
  expect(setupOf(root).providers).toHaveLength(2);
});

test('prepares a host without a table, and one whose manifests are not verified', () => {
  const root = temporaryFiles({ 'etc/x': '' });
  expect(prepared(root, undefined)).toEqual([]);
  expect(setupOf(root).providers).toEqual([]);
});

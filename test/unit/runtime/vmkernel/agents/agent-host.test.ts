import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentHost } from '../../../../../src/runtime/vmkernel/agents/agent-host.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** A host whose agent has been there before and has left links to a file of root's. */
function hostWithLinks(...names: readonly string[]) {
  const root = temporaryFiles({
    'etc/shadow': 'secret',
    'sys/table': 'table',
    'run/twinbank/lamp/old': 'left by the agent before',
  });
  const folder = join(root, 'run/twinbank/lamp');
  const shadow = join(root, 'etc/shadow');
  const problems: string[] = [];
  const report = (why: string) => void problems.push(why);
  const host = agentHost({ agent: { name: 'lamp', user }, files: undefined, report, root });
  const link = () => {
    for (const name of names) symlinkSync(shadow, join(folder, name));
  };
  return { host, folder, shadow, problems, link };
}

test("makes the agent's folder anew, and follows no link that was left in it", () => {
  const { host, folder, shadow, problems, link } = hostWithLinks('setup.json');
  link();
  expect(host.makeFolder()).toBe('/run/twinbank/lamp');
  host.writeFile('setup.json', '{}');
  expect(readFileSync(shadow, 'utf8')).toBe('secret');
  expect(readFileSync(join(folder, 'setup.json'), 'utf8')).toBe('{}');
  expect(readdirSync(folder)).toEqual(['setup.json']);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(problems).toEqual([]);
});

test('follows no link that comes between the folder and its files', () => {
  const { host, folder, shadow, problems, link } = hostWithLinks('setup.json', 'table');
  host.makeFolder();
  link();
  host.writeFile('setup.json', '{}');
  host.copyFile('/sys/table', 'table');
  expect(readFileSync(shadow, 'utf8')).toBe('secret');
  for (const [name, mode] of [['setup.json', 0o644] as const, ['table', 0o400] as const]) {
    const file = lstatSync(join(folder, name));
    expect([file.isFile(), file.mode & 0o777]).toEqual([true, mode]);
  }
  expect(problems).toEqual([]);
});

test('makes no copy of what is not there, and leaves none of before', () => {
  const { host, folder } = hostWithLinks();
  host.makeFolder();
  host.copyFile('/sys/table', 'table');
  host.copyFile('/sys/gone', 'table');
  expect(readdirSync(folder)).toEqual([]);
});

import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
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
  return { host, folder, root, shadow, problems, link };
}

test("makes the agent's folder anew, and follows no link that was left in it", () => {
  const { host, folder, shadow, problems, link } = hostWithLinks('setup.json');
  link();
  expect(host.makeFolder()).toBe('/run/twinbank/lamp');
  host.writeFile('setup.json', '{}');
  expect(readFileSync(shadow, 'utf8')).toBe('secret');
  expect(readFileSync(join(folder, 'setup.json'), 'utf8')).toBe('{}');
  expect(readdirSync(folder)).toEqual(['setup.json']);
  expect(statSync(folder).mode & 0o777).toBe(0o750);
  expect(problems).toEqual([]);
});

test('follows no link that comes between the folder and its files', () => {
  const { host, folder, shadow, problems, link } = hostWithLinks('setup.json', 'table');
  host.makeFolder();
  link();
  host.writeFile('setup.json', '{}');
  host.copyFile('/sys/table', 'table');
  expect(readFileSync(shadow, 'utf8')).toBe('secret');
  for (const name of ['setup.json', 'table']) {
    const file = lstatSync(join(folder, name));
    expect([file.isFile(), file.mode & 0o777]).toEqual([true, 0o440]);
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

test("gives another user's agent a folder and files of root's, for its group to read", () => {
  const { folder, root } = hostWithLinks();
  const report = (why: string) => expect.fail(why);
  const lamp = { name: 'lamp', user: { uid: 110, gid: 111 } };
  const host = agentHost({ agent: lamp, files: undefined, report, root });
  host.makeFolder();
  host.writeFile('setup.json', '{}');
  host.copyFile('/sys/table', 'table');
  const facts = [folder, join(folder, 'setup.json'), join(folder, 'table')].map((path) => {
    const { uid, gid, mode } = lstatSync(path);
    return [uid, gid, mode & 0o777];
  });
  expect(facts).toEqual([
    [0, 111, 0o750],
    [0, 111, 0o440],
    [0, 111, 0o440],
  ]);
});

test("does nothing in a folder that is an agent's: it is put aside as it is", () => {
  const { host, folder, shadow, root, problems, link } = hostWithLinks('setup.json');
  link();
  mkdirSync(join(folder, 'table/x'), { recursive: true });
  chownSync(folder, 110, 110);
  host.makeFolder();
  host.writeFile('setup.json', '{}');
  host.copyFile('/sys/table', 'table');
  expect([readdirSync(folder), statSync(folder).uid]).toEqual([['setup.json', 'table'], 0]);
  const aside = readdirSync(join(root, 'run/twinbank')).filter((name) => name !== 'lamp');
  expect(aside).toHaveLength(1);
  const left = join(root, 'run/twinbank', String(aside[0]));
  expect([readdirSync(left), statSync(left).uid]).toEqual([['old', 'setup.json', 'table'], 110]);
  expect([readFileSync(shadow, 'utf8'), problems]).toEqual(['secret', []]);
});

test("writes nothing into a folder that has become an agent's", () => {
  const { host, folder, shadow, problems, link } = hostWithLinks('setup.json');
  host.makeFolder();
  chownSync(folder, 110, 110);
  link();
  host.writeFile('setup.json', '{}');
  host.copyFile('/sys/table', 'table');
  expect(problems).toEqual([
    expect.stringContaining('found one of user 110'),
    expect.stringContaining('found one of user 110'),
  ]);
  expect([readdirSync(folder), readFileSync(shadow, 'utf8')]).toEqual([['setup.json'], 'secret']);
});

test('makes nothing where the folder above is one that others may write', () => {
  const { host, root, problems } = hostWithLinks();
  chownSync(join(root, 'run/twinbank'), 110, 110);
  host.makeFolder();
  expect(problems).toEqual([expect.stringContaining('found one of user 110')]);
  expect(readdirSync(join(root, 'run/twinbank/lamp'))).toEqual(['old']);
});

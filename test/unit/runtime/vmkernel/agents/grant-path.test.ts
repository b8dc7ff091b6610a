import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { grantPath } from '../../../../../src/runtime/vmkernel/agents/grant-path.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const user = { uid: 110, gid: 110 };
let root: string;
beforeEach(() => {
  root = temporaryFiles({
    'etc/shadow': 'secret',
    'sys/devices/fan/speed': '1',
    'dev/ipmi0': '',
    'dev/bus/usb0': '',
  });
  mkdirSync(join(root, 'sys/class'));
  symlinkSync('../devices/fan', join(root, 'sys/class/fan0'));
});
const grant = (path: string) => () => grantPath(join(root, path), user, root);
const owner = (path: string) => statSync(join(root, path)).uid;

test('gives an attribute by whatever links of the kernel, and a device', () => {
  grant('sys/class/fan0/speed')();
  grant('dev/ipmi0')();
  grant('dev/bus/usb0')();
  expect(['sys/devices/fan/speed', 'dev/ipmi0', 'dev/bus/usb0'].map(owner)).toEqual([
    110, 110, 110,
  ]);
});

test('gives nothing by a link that leads elsewhere', () => {
  symlinkSync(join(root, 'etc/shadow'), join(root, 'dev/shadow'));
  expect(grant('dev/shadow')).toThrow('expected an attribute of /sys or a device of /dev');
  expect(grant('etc/shadow')).toThrow('expected an attribute of /sys or a device of /dev');
  expect([owner('etc/shadow'), lstatSync(join(root, 'dev/shadow')).uid]).toEqual([0, 0]);
});

test.each([
  ['is owned by an agent', (path: string) => chownSync(path, 110, 110)],
  ['everybody may write', (path: string) => chmodSync(path, 0o1777)],
])('gives nothing in a folder that %s, at any depth', (_what, spoil) => {
  mkdirSync(join(root, 'dev/bus/deep'));
  symlinkSync('../../ipmi0', join(root, 'dev/bus/deep/x'));
  spoil(join(root, 'dev/bus'));
  expect(grant('dev/bus/usb0')).toThrow('only its owner may write');
  expect(owner('dev/bus/usb0')).toBe(0);
});

test('gives no folder, in which names could be made', () => {
  expect(grant('dev/bus')).toThrow('found a folder');
  expect(grant('dev')).toThrow('expected an attribute of /sys or a device of /dev');
  expect([owner('dev/bus'), owner('dev')]).toEqual([0, 0]);
});

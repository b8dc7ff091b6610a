import { expect, test } from 'vitest';
import { makeAgentFolder } from '../../../../../src/runtime/vmkernel/agents/agent-folder.ts';

const folder = { path: '/var/log/lamp', bytes: 4096 };
const user = { uid: 142, gid: 143 };

function made(mounts: string, wrong?: string) {
  const done: string[] = [];
  makeAgentFolder(folder, user, {
    readMounts: () => mounts,
    makeFolder: (path) => void done.push(path),
    mount: (args) => {
      done.push(args.join(' '));
      return wrong;
    },
  });
  return done;
}

test('makes memory of the agent, with a size, where nothing runs and no device is one', () => {
  expect(made('tmpfs /tmp tmpfs rw 0 0\ntmpfs /var/log/lamp2 tmpfs rw 0 0\n')).toEqual([
    '/var/log/lamp',
    '-t tmpfs -o nosuid,nodev,noexec,mode=750,uid=142,gid=143,size=4096,nr_inodes=256 tmpfs /var/log/lamp',
  ]);
});

test('leaves what a vmkd before this one has made', () => {
  expect(made('tmpfs /var/log/lamp tmpfs rw,nosuid 0 0\n')).toEqual([]);
});

test('says why it could not be made', () => {
  expect(() => made('', 'mount: no memory')).toThrow('/var/log/lamp: mount: no memory');
});

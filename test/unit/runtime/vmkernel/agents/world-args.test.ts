import { expect, test } from 'vitest';
import {
  keepsCapabilities,
  worldArgs,
} from '../../../../../src/runtime/vmkernel/agents/world-args.ts';

const said = (row: Omit<Parameters<typeof worldArgs>[0], 'name'>, granted: string[] = []) =>
  worldArgs({ name: 'lamp', ...row }, { granted }).join(' ');

test('makes a user name space by name, so that none can be made in it', () => {
  expect(said({})).toMatch(/^--unshare-user .*--disable-userns /);
});

test('has no network unless the row says so', () => {
  expect(said({})).toContain(' --unshare-net ');
  const outgoing = said({ network: 'outgoing' });
  expect(outgoing).not.toContain('--unshare-net');
  // With the name servers of the moment.
  expect(outgoing).toContain(' --symlink ../run/twinbank/resolver/resolv.conf /etc/resolv.conf ');
  expect(outgoing).toContain(' --ro-bind-try /run/twinbank/resolver /run/twinbank/resolver ');
  expect(said({})).not.toContain('resolver');
});

test('K6: finds its channel by the number that it has, where it has one', () => {
  const args = worldArgs({ name: 'lamp' }, { granted: [], hasChannel: true }).join(' ');
  expect(args).toContain(' --setenv NODE_CHANNEL_FD 10 ');
  expect(said({})).not.toContain('NODE_CHANNEL_FD');
});

test('has the number 0 only where the row says so', () => {
  expect(said({})).not.toContain('--uid');
  expect(said({ asRoot: true })).toContain(' --uid 0 --gid 0 ');
});

test('shows what the row sees to read, and gives what was granted, over it', () => {
  const args = said({ sees: ['/sys'] }, ['/sys/devices/fan/pwm1']);
  expect(args).toMatch(
    / --ro-bind-try \/sys \/sys .*--dev-bind-try (\/sys\/devices\/fan\/pwm1) \1 .*--remount-ro \/ /,
  );
  expect(args).toContain(' --ro-bind-try /run/twinbank/lamp /run/twinbank/lamp ');
});

test('has one folder to write where the row says so, and no other', () => {
  const writes = { path: '/var/log/lamp', bytes: 4096 };
  expect(said({ writes })).toContain(' --bind /var/log/lamp /var/log/lamp ');
  expect(said({})).not.toContain('--bind ');
});

test('keeps a capability outside any user name space, and gives up the rest as its user', () => {
  const args = said({ capabilities: ['sys_time'], sees: ['/var/lib/lamp/x'] });
  expect(args).not.toMatch(/unshare-user|disable-userns/);
  expect(args).toContain(' --cap-drop ALL --cap-add CAP_SYS_TIME --cap-add CAP_SETUID ');
  // What bwrap makes is root's there.
  expect(args).toContain(' --perms 1777 --tmpfs /tmp ');
  expect(args).toContain(' --perms 0755 --dir /var --perms 0755 --dir /var/lib ');
  expect(keepsCapabilities({ uid: 142, gid: 143 }, ['sys_time']).join(' ')).toBe(
    '/usr/bin/setpriv --reuid 142 --regid 143 --clear-groups --inh-caps=-all,+sys_time --ambient-caps=-all,+sys_time --bounding-set=-all,+sys_time --',
  );
});

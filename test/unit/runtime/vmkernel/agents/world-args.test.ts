import { expect, test } from 'vitest';
import { worldArgs } from '../../../../../src/runtime/vmkernel/agents/world-args.ts';

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

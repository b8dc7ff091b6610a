import { beforeEach, describe, expect, it } from 'vitest';
import { type UsersHost, usersHost } from './users-host.ts';

let users: UsersHost;
beforeEach(async () => {
  users = await usersHost();
});
const good = 'corrEct7horse';

describe('K5: local users', () => {
  it('are made, changed and removed, each saved before the answer', async () => {
    const { ask, host } = users;
    const created = await ask('users.create', { name: 'amy', fullName: 'Amy', password: good });
    expect(created).toMatchObject({
      saved: true,
      generation: 1,
      user: {
        name: 'amy',
        uid: 1000,
        gid: 100,
        groups: ['users'],
        system: false,
        passwordSet: true,
      },
    });
    expect(JSON.stringify(created)).not.toContain('$6$');
    await ask('groups.create', { name: 'ops' });
    const changed = await ask('users.update', { name: 'amy', groups: ['ops', 'localadmin'] });
    expect(changed.user).toMatchObject({ fullName: 'Amy', groups: ['users', 'ops', 'localadmin'] });
    expect(host.startsFrom(5)!.settings.accounts).toMatchObject({
      users: [{ name: 'amy' }],
      groups: [{ name: 'ops', gid: 1000, members: ['amy'] }],
      members: { localadmin: ['amy'] },
    });
    await ask('permissions.set', { entity: 'vm-1', principal: 'amy', role: 'ReadOnly' });
    expect(await ask('users.remove', { name: 'amy' })).toMatchObject({ permissionsRemoved: 1 });
    const { accounts } = host.startsFrom(5)!.settings;
    expect(accounts).toMatchObject({ users: [], groups: [{ name: 'ops', members: [] }] });
  });

  it('are shown beside those that every host has', async () => {
    const { users: all } = await users.ask('users.list');
    expect(all).toEqual([
      expect.objectContaining({ name: 'root', uid: 0, system: true, passwordSet: false }),
      expect.objectContaining({ name: 'vpxuser', uid: 500, groups: ['users'] }),
    ]);
  });

  it('get the lowest number that is free, or the one that was asked for', async () => {
    const uids: unknown[] = [];
    for (const params of [{ name: 'a' }, { name: 'b', uid: 1500 }, { name: 'c' }]) {
      const { user } = await users.ask('users.create', params);
      uids.push((user as { uid: number }).uid);
    }
    expect(uids).toEqual([1000, 1500, 1001]);
  });

  it.each<[string, string, object, string]>([
    ['a name of the system', 'users.create', { name: 'root' }, 'users.exists'],
    ['a name of an agent that comes', 'users.create', { name: 'hostd' }, 'users.exists'],
    ['a name that ends a line', 'users.create', { name: 'a\nroot' }, 'usage'],
    ['a name that ends a field', 'users.create', { name: 'a:b' }, 'usage'],
    ['a full name that ends a line', 'users.create', { name: 'a', fullName: 'x\ny' }, 'usage'],
    ['a number of the system', 'users.create', { name: 'a', uid: 0 }, 'usage'],
    ['a weak password', 'users.create', { name: 'a', password: 'abc' }, 'users.password'],
    ['a user that there is not', 'users.remove', { name: 'nobody-else' }, 'users.unknown'],
    ['one of the system', 'users.remove', { name: 'root' }, 'users.system'],
    ['one of the system', 'users.update', { name: 'root', fullName: 'x' }, 'users.system'],
    [
      'a user without a login',
      'users.setPassword',
      { name: 'dcui2', password: good },
      'users.unknown',
    ],
    ['a group of the system', 'groups.remove', { name: 'localadmin' }, 'users.system'],
    [
      'members that there are not',
      'groups.update',
      { name: 'users', members: ['x'] },
      'users.unknown',
    ],
  ])('refuse %s (%s %j), and nothing is changed', async (_what, method, params, code) => {
    await expect(users.ask(method, params)).rejects.toMatchObject({ code });
    expect(users.host.startsFrom(5)).toBeUndefined();
  });

  it('are only put into groups that take them', async () => {
    await users.ask('users.create', { name: 'amy' });
    await expect(users.ask('users.update', { name: 'amy', groups: ['root'] })).rejects.toThrow(
      'groups: expected some of localadmin, users, found "root"',
    );
  });

  it('hold in a trial, and the answer says that they are not saved', async () => {
    users.host.banks[5].mark({ bootstate: '2' });
    expect(await users.ask('users.create', { name: 'amy' })).toMatchObject({
      saved: false,
      why: 'a trial saves nothing until it is confirmed',
      user: { name: 'amy' },
    });
  });

  it('made by many at once are all there', async () => {
    const names = [...Array(20).keys()].map((at) => `user${at}`);
    await Promise.all(names.map((name) => users.ask('users.create', { name })));
    const { accounts } = users.host.startsFrom(5)!.settings;
    expect(accounts!.users.map(({ name }) => name)).toEqual(names);
  });
});

describe('K5: a password', () => {
  it('is told what it has to have beforehand', async () => {
    expect(await users.ask('users.policy')).toMatchObject({
      passwordQuality: 'retry=3 min=disabled,disabled,disabled,7,7',
      text: expect.stringContaining('7 characters of three kinds'),
    });
  });

  it('of root, of the central manager and of a local user can be set', async () => {
    const { ask, login } = users;
    await ask('users.setPassword', { name: 'root', password: good });
    await ask('users.setPassword', { name: 'vpxuser', password: `${good}2x` });
    await ask('users.create', { name: 'amy' });
    expect(await login('amy', '')).toEqual({ ok: false, why: 'wrong' });
    await ask('users.setPassword', { name: 'amy', password: `${good}3x` });
    for (const [name, password] of [
      ['root', good],
      ['vpxuser', `${good}2x`],
      ['amy', `${good}3x`],
    ] as const) {
      expect(await login(name, password)).toMatchObject({ ok: true, name, mustSetPassword: false });
    }
    expect(await login('amy', good)).toEqual({ ok: false, why: 'wrong' });
  });
});

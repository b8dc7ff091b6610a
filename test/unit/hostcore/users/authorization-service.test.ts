import { beforeEach, describe, expect, it } from 'vitest';
import { type UsersHost, usersHost } from './users-host.ts';

let users: UsersHost;
beforeEach(async () => {
  users = await usersHost();
  await users.ask('users.create', { name: 'amy' });
  await users.ask('groups.create', { name: 'ops' });
  await users.ask('groups.create', { name: 'audit' });
  await users.ask('groups.update', { name: 'ops', members: ['amy'] });
  await users.ask('groups.update', { name: 'audit', members: ['amy'] });
});

const path = ['vm-7', 'ha-folder-vm', 'ha-folder-root'];
const may = async (privilege: string, name = 'amy', entities = path) =>
  (await users.ask('permissions.check', { name, entities, privilege })).allowed;
const set = (entity: string, principal: string, role: unknown, more: object = {}) =>
  users.ask('permissions.set', { entity, principal, role, propagate: true, ...more });
const root = 'ha-folder-root';
const group = { group: true };

describe('K5: permissions', () => {
  it('are none for somebody who has none, and all for root and the central manager', async () => {
    expect(await may('System.View')).toBe(false);
    for (const name of ['root', 'vpxuser'])
      expect(await may('Host.Config.Network', name)).toBe(true);
  });

  it('of a role of the system are those of the VI API', async () => {
    await set(root, 'amy', 'ReadOnly');
    expect([await may('System.Read'), await may('Host.Config.Network')]).toEqual([true, false]);
    await set(root, 'amy', -1);
    expect(await may('Host.Config.Network')).toBe(true);
    await set(root, 'amy', 'NoAccess');
    expect(await may('System.Anonymous')).toBe(false);
  });

  it('of the nearest entity decide alone', async () => {
    await set(root, 'amy', 'Admin');
    await set('ha-folder-vm', 'amy', 'NoAccess');
    expect(await may('System.View')).toBe(false);
    expect(await may('System.View', 'amy', [root])).toBe(true);
  });

  it('that do not propagate hold on their entity alone', async () => {
    await set('ha-folder-vm', 'amy', 'Admin', { propagate: false });
    expect(await may('System.View')).toBe(false);
    expect(await may('System.View', 'amy', path.slice(1))).toBe(true);
  });

  it('of groups add up, and one of the user hides them', async () => {
    const roles = ['Power.On', 'Power.Off'].map((name) =>
      users.ask('roles.create', { name, privileges: [`VirtualMachine.${name}`] }),
    );
    await Promise.all(roles);
    await set(root, 'ops', 'Power.On', group);
    await set(root, 'audit', 'Power.Off', group);
    const both = async () => [
      await may('VirtualMachine.Power.On'),
      await may('VirtualMachine.Power.Off'),
    ];
    expect(await both()).toEqual([true, true]);
    await set(root, 'amy', 'Power.On');
    expect(await both()).toEqual([true, false]);
  });

  it('are saved, changed in place and removed', async () => {
    await set('vm-7', 'amy', 'Admin');
    await set('vm-7', 'amy', 'ReadOnly');
    const { authorization } = users.host.startsFrom(5)!.settings;
    expect(authorization!.permissions).toEqual([
      { entity: 'vm-7', principal: 'amy', group: false, role: -2, propagate: true },
    ]);
    await users.ask('permissions.remove', { entity: 'vm-7', principal: 'amy' });
    expect(users.host.startsFrom(5)!.settings.authorization!.permissions).toEqual([]);
  });

  it.each<[string, string, object, string]>([
    [
      'root',
      'permissions.set',
      { entity: root, principal: 'root', role: 'NoAccess' },
      'permissions.system',
    ],
    ['root', 'permissions.remove', { entity: root, principal: 'root' }, 'permissions.system'],
    ['nobody', 'permissions.set', { entity: root, principal: 'eve', role: 'Admin' }, 'usage'],
    ['no role', 'permissions.set', { entity: root, principal: 'amy', role: 'Boss' }, 'usage'],
    ['no entity', 'permissions.set', { entity: '/', principal: 'amy', role: 'Admin' }, 'usage'],
    ['none', 'permissions.remove', { entity: 'vm-9', principal: 'amy' }, 'permissions.unknown'],
    ['a role of the system', 'roles.remove', { role: 'Admin' }, 'roles.system'],
    ['a name that there is', 'roles.create', { name: 'Admin', privileges: [] }, 'usage'],
    ['no privilege', 'roles.create', { name: 'x', privileges: ['everything'] }, 'usage'],
  ])('of %s cannot be changed so (%s %j)', async (_what, method, params, code) => {
    await expect(users.ask(method, params)).rejects.toMatchObject({ code });
  });
});

describe('K5: roles', () => {
  it('of an administrator have what every role has, can be changed, and go with their permissions', async () => {
    const { role } = await users.ask('roles.create', {
      name: 'Operator',
      privileges: ['VirtualMachine.Interact.PowerOn'],
    });
    expect(role).toBe(1);
    await set(root, 'amy', 'Operator');
    expect([await may('System.Read'), await may('VirtualMachine.Interact.PowerOn')]).toEqual([
      true,
      true,
    ]);
    await users.ask('roles.update', { role: 1, privileges: ['Host.Local.CreateVM'] });
    expect([
      await may('Host.Local.CreateVM'),
      await may('VirtualMachine.Interact.PowerOn'),
    ]).toEqual([true, false]);
    await expect(users.ask('roles.remove', { role: 1 })).rejects.toMatchObject({
      code: 'roles.in-use',
    });
    expect(await users.ask('roles.remove', { role: 1, force: true })).toMatchObject({
      permissionsRemoved: 1,
    });
    expect(await may('System.Read')).toBe(false);
  });
});

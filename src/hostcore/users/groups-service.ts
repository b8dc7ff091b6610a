import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import { type LocalGroup, mostAccounts, openGroups } from '../../state/accounts.ts';
import { parseSetting } from '../../state/settings.ts';
import { assertFreeName, freeNumber, unknownName } from './account-names.ts';
import { withoutPrincipal } from './authorization-service.ts';
import { accountsOf, change, namesParam, textParam, type UsersPort } from './users-port.ts';

/** A group as it is shown. */
export interface ShownGroup extends LocalGroup {
  /** One that every host has. */
  readonly system: boolean;
}

/** The methods by which groups are seen, made and changed (docs/users.md). */
export function groupsMethods(port: UsersPort): Readonly<Record<string, Method>> {
  const shown = (): ShownGroup[] => {
    const { groups, members } = accountsOf(port);
    const system = port.system().groups.map((group): ShownGroup => {
      const open = openGroups.find((name) => name === group.name);
      const all = [...group.members, ...(open ? members[open] : [])];
      return { ...group, members: [...new Set(all)], system: true };
    });
    return [...system, ...groups.map((group) => ({ ...group, system: false }))];
  };
  const get = (name: string): ShownGroup => {
    const found = shown().find((group) => group.name === name);
    if (!found) throw unknownName('group', name);
    return found;
  };

  async function create(params: Record<string, unknown>) {
    const name = textParam(params, 'name');
    assertFreeName(port, 'group', name);
    const now = accountsOf(port);
    if (now.groups.length >= mostAccounts.groups) {
      throw new RpcError('users.full', `expected at most ${mostAccounts.groups} local groups`);
    }
    const gid = freeNumber(
      'gid',
      params.gid,
      now.groups.map((group) => group.gid),
    );
    const groups = [...now.groups, { name, gid, members: [] }];
    const saved = await change(port, parseSetting('accounts', { ...now, groups }));
    return { ...saved, group: get(name) };
  }

  async function update(params: Record<string, unknown>) {
    const group = get(textParam(params, 'name'));
    const now = accountsOf(port);
    const members = namesParam(params, 'members');
    const other = members.find((one) => !now.users.some((user) => user.name === one));
    if (other !== undefined) throw unknownName('user', other);
    const open = openGroups.find((name) => name === group.name);
    if (group.system && !open) throw systemGroup(group.name);
    const next = open
      ? { ...now, members: { ...now.members, [open]: members } }
      : {
          ...now,
          groups: now.groups.map((one) => (one.name === group.name ? { ...one, members } : one)),
        };
    const saved = await change(port, parseSetting('accounts', next));
    return { ...saved, group: get(group.name) };
  }

  async function remove(params: Record<string, unknown>) {
    const { name, system, gid } = get(textParam(params, 'name'));
    if (system) throw systemGroup(name);
    const now = accountsOf(port);
    const user = now.users.find((one) => one.gid === gid);
    if (user) {
      const message = `${name}: expected a group that is nobody's own, found that of ${user.name}`;
      throw new RpcError('users.in-use', message);
    }
    const groups = now.groups.filter((group) => group.name !== name);
    const rights = withoutPrincipal(port, name, true);
    port.configuration.write(parseSetting('accounts', { ...now, groups }));
    return { ...(await change(port, rights.settings)), permissionsRemoved: rights.removed };
  }

  return {
    'groups.list': () => ({ groups: shown() }),
    'groups.create': create,
    'groups.update': update,
    'groups.remove': remove,
  };
}

function systemGroup(name: string): RpcError {
  return new RpcError('users.system', `${name}: expected a local group, found one of the system`);
}

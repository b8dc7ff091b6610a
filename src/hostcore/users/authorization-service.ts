import { TwinbankError } from '../../diagnostics/error.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import {
  type Authorization,
  type Permission,
  permissionKey,
  systemPermissions,
} from '../../state/authorization.ts';
import type { Settings } from '../../state/setting-rows.ts';
import { parseSetting } from '../../state/settings.ts';
import { parseFlag, usage } from '../params.ts';
import { groupsOf } from './authenticate.ts';
import { mayDo, permissionsOf, privilegesOn, type Role, rolesOf } from './rights.ts';
import {
  accountsOf,
  change,
  namesParam,
  type Saved,
  textParam,
  type UsersPort,
} from './users-port.ts';

const nothing: Authorization = { roles: [], permissions: [] };

function authorizationOf({ configuration }: Pick<UsersPort, 'configuration'>): Authorization {
  return configuration.read().settings.authorization ?? nothing;
}

/** The methods by which roles and permissions are seen and changed (docs/users.md). */
export function authorizationMethods(port: UsersPort): Readonly<Record<string, Method>> {
  const put = (authorization: Authorization): Promise<Saved> => change(port, parsed(authorization));
  const roleOf = (value: unknown): Role => {
    const found = rolesOf(authorizationOf(port)).find(({ id, name }) =>
      [id, name].includes(value as never),
    );
    if (!found) throw usage('role', 'the number or name of a role', value);
    return found;
  };
  const localRole = (value: unknown): Role => {
    const role = roleOf(value);
    if (!role.system) return role;
    throw new RpcError(
      'roles.system',
      `${role.name}: expected a role of your own, found one of the system`,
    );
  };

  async function createRole(params: Record<string, unknown>) {
    const now = authorizationOf(port);
    const id = 1 + Math.max(0, ...now.roles.map((role) => role.id));
    const role = {
      id,
      name: textParam(params, 'name'),
      privileges: namesParam(params, 'privileges'),
    };
    return { ...(await put({ ...now, roles: [...now.roles, role] })), role: id };
  }

  function updateRole(params: Record<string, unknown>): Promise<Saved> {
    const { id, ...before } = localRole(params.role);
    const now = authorizationOf(port);
    const name = params.name === undefined ? before.name : textParam(params, 'name');
    const privileges =
      params.privileges === undefined ? before.privileges : namesParam(params, 'privileges');
    const roles = now.roles.map((role) => (role.id === id ? { id, name, privileges } : role));
    return put({ ...now, roles });
  }

  async function removeRole(params: Record<string, unknown>) {
    const { id, name } = localRole(params.role);
    const now = authorizationOf(port);
    const used = now.permissions.filter(({ role }) => role === id);
    const [first] = used;
    if (first && !parseFlag('force', params.force)) {
      const message = `${name}: expected a role that nobody has, found that of ${permissionKey(first)}`;
      throw new RpcError('roles.in-use', message);
    }
    const saved = await put({
      roles: now.roles.filter((role) => role.id !== id),
      permissions: now.permissions.filter(({ role }) => role !== id),
    });
    return { ...saved, permissionsRemoved: used.length };
  }

  function setPermission(params: Record<string, unknown>): Promise<Saved> {
    const permission: Permission = {
      entity: textParam(params, 'entity'),
      principal: textParam(params, 'principal'),
      group: parseFlag('group', params.group),
      role: roleOf(params.role).id,
      propagate: parseFlag('propagate', params.propagate),
    };
    assertPrincipal(port, permission);
    assertChangeable(permission);
    const { roles, permissions } = authorizationOf(port);
    const key = permissionKey(permission);
    const others = permissions.filter((one) => permissionKey(one) !== key);
    return put({ roles, permissions: [...others, permission] });
  }

  function removePermission(params: Record<string, unknown>): Promise<Saved> {
    const wanted = {
      entity: textParam(params, 'entity'),
      principal: textParam(params, 'principal'),
      group: parseFlag('group', params.group),
    };
    assertChangeable(wanted);
    const { roles, permissions } = authorizationOf(port);
    const rest = permissions.filter((one) => permissionKey(one) !== permissionKey(wanted));
    if (rest.length === permissions.length) {
      throw new RpcError(
        'permissions.unknown',
        `expected a permission of ${permissionKey(wanted)}, found none`,
      );
    }
    return put({ roles, permissions: rest });
  }

  return {
    'roles.list': () => ({ roles: rolesOf(authorizationOf(port)) }),
    'roles.create': createRole,
    'roles.update': updateRole,
    'roles.remove': removeRole,
    'permissions.list': () => ({ permissions: permissionsOf(authorizationOf(port)) }),
    'permissions.set': setPermission,
    'permissions.remove': removePermission,
    'permissions.check': (params) => {
      const name = textParam(params, 'name');
      const who = { name, groups: groupsOf(port, name) };
      const entities = namesParam(params, 'entities');
      const privileges = privilegesOn(authorizationOf(port), who, entities);
      return { allowed: mayDo(privileges, textParam(params, 'privilege')) };
    },
  };
}

/** What is left without a user or group that goes. */
export function withoutPrincipal(
  port: Pick<UsersPort, 'configuration'>,
  principal: string,
  group: boolean,
): { readonly settings: Partial<Settings>; readonly removed: number } {
  const { roles, permissions } = authorizationOf(port);
  const rest = permissions.filter((one) => one.principal !== principal || one.group !== group);
  const removed = permissions.length - rest.length;
  return { settings: removed > 0 ? parsed({ roles, permissions: rest }) : {}, removed };
}

function parsed(authorization: Authorization): Partial<Settings> {
  try {
    return parseSetting('authorization', authorization);
  } catch (error) {
    throw error instanceof TwinbankError ? new RpcError('usage', error.message) : error;
  }
}

function assertPrincipal(port: UsersPort, { principal, group }: Permission): void {
  const system = port.system();
  const local = accountsOf(port);
  const all = group ? [...system.groups, ...local.groups] : [...system.users, ...local.users];
  if (!all.some(({ name }) => name === principal)) {
    throw usage('principal', `the name of a ${group ? 'group' : 'user'}`, principal);
  }
}

function assertChangeable(wanted: Pick<Permission, 'entity' | 'principal' | 'group'>): void {
  if (systemPermissions.every((one) => permissionKey(one) !== permissionKey(wanted))) return;
  const message = `expected a permission that can be changed, found that of ${permissionKey(wanted)}, without which nobody could administer the host`;
  throw new RpcError('permissions.system', message);
}

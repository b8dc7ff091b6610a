import { isAccountName } from './accounts.ts';
import { jsonSetting } from './setting-row.ts';
import { expected, listOf, membersOf } from './setting-value.ts';

/** A role of an administrator's own. */
export interface LocalRole {
  /** From 1. Those of the system are negative. */
  readonly id: number;
  readonly name: string;
  /** Of the VI API, such as `VirtualMachine.Interact.PowerOn`. */
  readonly privileges: readonly string[];
}

/** Who has which role on what. */
export interface Permission {
  /** Of the inventory, by its managed object: `ha-folder-root` is all. */
  readonly entity: string;
  /** Of a user or a group. */
  readonly principal: string;
  readonly group: boolean;
  readonly role: number;
  /** Also on what lies below the entity. */
  readonly propagate: boolean;
}

export interface Authorization {
  readonly roles: readonly LocalRole[];
  readonly permissions: readonly Permission[];
}

export const mostRights = { roles: 50, privileges: 400, permissions: 500 } as const;

/** The roles that every host has, by the numbers of the VI API (AuthorizationManager). */
export const systemRoles = [
  { id: -1, name: 'Admin' },
  { id: -2, name: 'ReadOnly' },
  { id: -3, name: 'View' },
  { id: -4, name: 'Anonymous' },
  { id: -5, name: 'NoAccess' },
] as const;

/** The inventory's root. */
export const rootEntity = 'ha-folder-root';

/** What every host has, and nobody can take away: without it a host could be left without an administrator. */
export const systemPermissions: readonly Permission[] = ['root', 'dcui', 'vpxuser'].map(
  (principal) => ({ entity: rootEntity, principal, group: false, role: -1, propagate: true }),
);

/** `System.View`: a group and names of a privilege. */
export function isPrivilege(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Za-z]{1,31}(\.[A-Za-z]{1,48}){1,3}$/.test(value);
}

export function isEntity(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9:._-]{0,79}$/.test(value);
}

export function isRoleName(value: unknown): value is string {
  return typeof value === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} ._()-]{0,47}$/u.test(value);
}

export const authorization = jsonSetting<Authorization>('etc/vmware/authorization.json', {
  ownMethods: true,
  parse: (value) => {
    const { roles, permissions } = membersOf('authorization', value, ['roles', 'permissions']);
    const parsed = items('roles', roles, mostRights.roles).map(parseRole);
    const ids: readonly number[] = [...systemRoles, ...parsed].map(({ id }) => id);
    const names: readonly string[] = [...systemRoles, ...parsed].map(({ name }) => name);
    assertEachOnce('roles', ids);
    assertEachOnce('roles', names);
    const given = items('permissions', permissions, mostRights.permissions);
    const known = given.map((one, at) => parsePermission(one, at, ids));
    assertEachOnce('permissions', known.map(permissionKey));
    return { roles: parsed, permissions: known };
  },
});

/** One principal has one role on one entity. */
export function permissionKey({
  entity,
  principal,
  group,
}: Pick<Permission, 'entity' | 'principal' | 'group'>): string {
  return `${group ? 'group' : 'user'} ${principal} on ${entity}`;
}

function items(what: string, value: unknown, most: number): unknown[] {
  const place = `authorization.${what}`;
  if (!Array.isArray(value)) throw expected(place, 'a list', value);
  if (value.length > most) throw expected(place, `at most ${most}`, value.length);
  return value;
}

function parseRole(value: unknown, at: number): LocalRole {
  const place = `authorization.roles[${at}]`;
  const { id, name, privileges } = membersOf(place, value, ['id', 'name', 'privileges']);
  if (!Number.isInteger(id) || Number(id) < 1 || Number(id) > 1_000_000) {
    throw expected(`${place}.id`, 'a whole number from 1', id);
  }
  if (!isRoleName(name)) throw expected(`${place}.name`, 'a name of at most 48 characters', name);
  const what = 'a privilege such as System.View';
  const most = mostRights.privileges;
  const list = listOf(`${place}.privileges`, privileges, most, what, isPrivilege);
  return { id: Number(id), name, privileges: list };
}

function parsePermission(value: unknown, at: number, roles: readonly number[]): Permission {
  const place = `authorization.permissions[${at}]`;
  const names = ['entity', 'principal', 'group', 'role', 'propagate'] as const;
  const { entity, principal, group, role, propagate } = membersOf(place, value, names);
  if (!isEntity(entity)) throw expected(`${place}.entity`, 'an object of the inventory', entity);
  if (!isAccountName(principal)) throw expected(`${place}.principal`, 'a name', principal);
  if (typeof role !== 'number' || !roles.includes(role)) {
    throw expected(`${place}.role`, 'the number of a role', role);
  }
  for (const [name, flag] of Object.entries({ group, propagate })) {
    if (typeof flag !== 'boolean') throw expected(`${place}.${name}`, 'true or false', flag);
  }
  return { entity, principal, group: group === true, role, propagate: propagate === true };
}

function assertEachOnce(what: string, values: readonly (string | number)[]): void {
  const twice = values.find((value, at) => values.indexOf(value) < at);
  if (twice !== undefined) throw expected(`authorization.${what}`, 'each one once', twice);
}

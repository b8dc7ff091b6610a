import {
  type Authorization,
  type Permission,
  systemPermissions,
  systemRoles,
} from '../../state/authorization.ts';

/** Every role has these, as the VI API has it (AuthorizationManager.AddAuthorizationRole). */
const always = ['System.Anonymous', 'System.View', 'System.Read'] as const;
const privilegesOfSystem: Readonly<Record<(typeof systemRoles)[number]['name'], string[]>> = {
  // All there are, also those of a later version.
  Admin: ['*'],
  ReadOnly: [...always],
  View: ['System.Anonymous', 'System.View'],
  Anonymous: ['System.Anonymous'],
  NoAccess: [],
};

/** A role as it is shown, with all that it grants; `*` is everything. */
export interface Role {
  readonly id: number;
  readonly name: string;
  readonly system: boolean;
  readonly privileges: readonly string[];
}

export function rolesOf({ roles }: Authorization): Role[] {
  return [
    ...systemRoles.map(({ id, name }) => ({
      id,
      name,
      system: true,
      privileges: privilegesOfSystem[name],
    })),
    ...roles.map(({ id, name, privileges }) => ({
      id,
      name,
      system: false,
      privileges: [...new Set([...always, ...privileges])],
    })),
  ];
}

export function permissionsOf({ permissions }: Authorization): Permission[] {
  return [...systemPermissions, ...permissions];
}

/**
 * What somebody may do on an entity, by the rules of the family: the nearest entity that has a permission for the user, or for one
 * of his groups, decides alone; on that entity a permission of the user hides those of the groups, and those of several groups add up.
 * `entities` is the entity, what it lies in, and so on up to the root.
 */
export function privilegesOn(
  authorization: Authorization,
  who: { readonly name: string; readonly groups: readonly string[] },
  entities: readonly string[],
): ReadonlySet<string> {
  const all = permissionsOf(authorization);
  const roles = rolesOf(authorization);
  for (const [at, entity] of entities.entries()) {
    const here = all.filter((one) => one.entity === entity && (at === 0 || one.propagate));
    const own = here.filter(({ group, principal }) => !group && principal === who.name);
    const ofGroups = here.filter(({ group, principal }) => group && who.groups.includes(principal));
    const deciding = own.length > 0 ? own : ofGroups;
    if (deciding.length === 0) continue;
    const granted = deciding.flatMap(({ role }) => roles.find(({ id }) => id === role) ?? []);
    return new Set(granted.flatMap(({ privileges }) => privileges));
  }
  return new Set();
}

export function mayDo(privileges: ReadonlySet<string>, privilege: string): boolean {
  return privileges.has('*') || privileges.has(privilege);
}

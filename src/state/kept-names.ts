import { expected, membersOf } from './setting-value.ts';

/** Names that vmkd gives and keeps, and what has each. */
export interface KeptNames {
  readonly names: Readonly<Record<string, string>>;
}

export interface KeptNamesForm {
  /** Of the setting, for messages. */
  readonly place: string;
  readonly most: number;
  readonly isName: (name: string) => boolean;
  /** What a name was to be. */
  readonly nameText: string;
  readonly isOwner: (owner: unknown) => owner is string;
  /** What has a name, with its article, and in one word. */
  readonly ownerText: string;
  readonly ownerWord: string;
  /** Nobody has two names of the same kind; default: all are of one. */
  readonly kindOf?: (name: string) => string | undefined;
}

/** `{names: {NAME: OWNER}}`, each owner once. Throws a usage error that names the place. */
export function parseKeptNames(value: unknown, form: KeptNamesForm): KeptNames {
  const { place, most, isName, isOwner, kindOf = () => '' } = form;
  const { names } = membersOf(place, value, ['names']);
  if (typeof names !== 'object' || names === null || Array.isArray(names)) {
    throw expected(`${place}.names`, 'an object', names);
  }
  const given = Object.entries(names as Record<string, unknown>);
  if (given.length > most) throw expected(`${place}.names`, `at most ${most}`, given.length);
  const seen = new Set<string>();
  const kept = given.map(([name, owner]): [string, string] => {
    if (!isName(name)) throw expected(`${place}.names`, form.nameText, name);
    if (!isOwner(owner)) throw expected(`${place}.names.${name}`, form.ownerText, owner);
    const one = `${kindOf(name)} ${owner}`;
    if (seen.has(one))
      throw expected(`${place}.names.${name}`, `each ${form.ownerWord} once`, owner);
    seen.add(one);
    return [name, owner];
  });
  return { names: Object.fromEntries(kept) };
}

/**
 * The rows of types.json, which scripts/vim-types.py writes. One row is one line of text, because most programs use few
 * of the 3,169 types: a row is read when its type is first asked for. Numbers count the table's list of API versions.
 *
 *     D4:Base member…      data object, known since version 4 of the list (F: a fault)
 *     E0: value…           enumeration
 *     M0:Base member… method…   managed object
 *     member               name[?]:type[][@since][!privilege]       ? is optional
 *     method               name[@since][!privilege](member,…)type[][?][~type[]][^fault,…]     ~ is what its task brings
 */
export interface TypeUse {
  /** A type of the table or a simple one (`string`, `int`, `anyType`); of an array, its items'. */
  readonly type: string;
  readonly array: boolean;
  readonly optional: boolean;
}

export interface Member extends TypeUse {
  readonly name: string;
  /** Index of the first API version that knows it. */
  readonly since: number;
  /** The privilege that reading it takes; `undefined` where the object's own is enough. */
  readonly privilege: string | undefined;
}

export interface Method {
  readonly name: string;
  readonly since: number;
  readonly privilege: string | undefined;
  readonly parameters: readonly Member[];
  /** Its type is `void` where nothing is returned. */
  readonly result: TypeUse;
  /** What the task that it returns brings in the end; `undefined` where it returns none. */
  readonly taskResult: TypeUse | undefined;
  readonly faults: readonly string[];
}

export interface TypeRow {
  readonly kind: 'data' | 'fault' | 'enum' | 'managed';
  readonly name: string;
  readonly base: string | undefined;
  readonly since: number;
  /** Its own, without the base's, in schema order. */
  readonly members: readonly Member[];
  readonly methods: readonly Method[];
  /** Of an enumeration. */
  readonly values: readonly string[];
}

const kinds = { D: 'data', F: 'fault', E: 'enum', M: 'managed' } as const;

/** Reads one row. Throws an Error where the table is not what scripts/vim-types.py writes: a defect, not an input. */
export function readTypeRow(name: string, row: string): TypeRow {
  const [head = '', ...words] = row.split(' ');
  const [, letter, since, base] = /^([DFEM])(\d+):(\w*)$/.exec(head) ?? broken(name, head);
  const kind = kinds[letter as keyof typeof kinds];
  const isMethod = (word: string): boolean => word.includes('(');
  return {
    kind,
    name,
    since: Number(since),
    base: base || undefined,
    members:
      kind === 'enum' ? [] : words.filter((one) => !isMethod(one)).map((one) => member(one, since)),
    methods: words.filter(isMethod).map((one) => method(one, since)),
    values: kind === 'enum' ? words : [],
  };
}

function member(word: string, ownSince: string | undefined): Member {
  const [, name = '', optional, type = '', array, since = ownSince, privilege] =
    /^(\w+)(\??):(\w+)((?:\[\])?)(?:@(\d+))?(?:!([\w.]+))?$/.exec(word) ?? broken('member', word);
  return {
    name,
    type,
    privilege,
    since: Number(since),
    array: array !== '',
    optional: optional !== '',
  };
}

function method(word: string, ownSince: string | undefined): Method {
  const [, name = '', since = ownSince, privilege, parameters = '', result = '', task, faults] =
    /^(\w+)(?:@(\d+))?(?:!([\w.]+))?\(([^)]*)\)([\w[\]?]+)(?:~([\w[\]]+))?(?:\^([\w,]+))?$/.exec(
      word,
    ) ?? broken('method', word);
  return {
    name,
    privilege,
    since: Number(since),
    parameters: parameters ? parameters.split(',').map((one) => member(one, since)) : [],
    result: typeUse(result),
    taskResult: task === undefined ? undefined : typeUse(task),
    faults: faults ? faults.split(',') : [],
  };
}

function typeUse(word: string): TypeUse {
  return {
    type: word.replace(/[[\]?]/g, ''),
    array: word.includes('[]'),
    optional: word.endsWith('?'),
  };
}

function broken(name: string, text: string): never {
  throw new Error(
    `types.json: ${name}: expected a row as scripts/vim-types.py writes it, found ${text}`,
  );
}
